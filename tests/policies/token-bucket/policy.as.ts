// wire/rate/inbound/token-bucket
// Generated from token-bucket. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { SLOT, state, takeToken } from "proxy-wasm-as/assembly/actions/state";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, deny, leave, runs } from "proxy-wasm-as/assembly/policy";

// ""
@inline function L0(): u64 { return bytes(0, 0); }
// "token-bucket\n"
@inline function L1_token_bucket(): u64 { return bytes(memory.data<u8>([116, 111, 107, 101, 110, 45, 98, 117, 99, 107, 101, 116, 10]), 13); }
// "token-bucket/bucket:TokenBucket"
@inline function L2_token_bucket_bucket_toke(): u64 { return bytes(memory.data<u8>([116, 111, 107, 101, 110, 45, 98, 117, 99, 107, 101, 116, 47, 98, 117, 99, 107, 101, 116, 58, 84, 111, 107, 101, 110, 66, 117, 99, 107, 101, 116]), 31); }

// token-bucket/bucket
const S0: usize = memory.data(SLOT);

// token-bucket, policy.cup:1
function p0_token_bucket(): void {
  if (!takeToken(S0, <f64>0.0001, <i64>2)) { // line 7
    return deny(429, L0()); // line 7
  }
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_token_bucket();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L1_token_bucket());
  state(S0, L2_token_bucket_bucket_toke());
  __collect();
  return accepted;
}

export function proxy_on_context_create(context: u32, parent: u32): void {
  created(context, parent);
}

export function proxy_on_delete(context: u32): void {
  deleted(context);
}

export function proxy_on_memory_allocate(size: usize): usize {
  return allocate(size);
}

export function proxy_abi_version_0_2_1(): void {}
