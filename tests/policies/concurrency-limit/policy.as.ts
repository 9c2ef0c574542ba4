// wire/rate/inbound/concurrency-limit
// Generated from concurrency-limit. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { SLOT, acquire, release, state } from "proxy-wasm-as/assembly/actions/state";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, deny, leave, runs } from "proxy-wasm-as/assembly/policy";

// "busy"
@inline function L0_busy(): u64 { return bytes(memory.data<u8>([98, 117, 115, 121]), 4); }
// "concurrency-limit\n"
@inline function L1_concurrency_limit(): u64 { return bytes(memory.data<u8>([99, 111, 110, 99, 117, 114, 114, 101, 110, 99, 121, 45, 108, 105, 109, 105, 116, 10]), 18); }
// "concurrency-limit/running:ConcurrencyLimit"
@inline function L2_concurrency_limit_runnin(): u64 { return bytes(memory.data<u8>([99, 111, 110, 99, 117, 114, 114, 101, 110, 99, 121, 45, 108, 105, 109, 105, 116, 47, 114, 117, 110, 110, 105, 110, 103, 58, 67, 111, 110, 99, 117, 114, 114, 101, 110, 99, 121, 76, 105, 109, 105, 116]), 42); }

// concurrency-limit/running
const S0: usize = memory.data(SLOT);

// concurrency-limit, policy.cup:1
function p0_concurrency_limit(): void {
  if (!acquire(S0, <i64>1)) { // line 7
    return deny(503, L0_busy()); // line 7
  }
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_concurrency_limit();
  return leave();
}

export function proxy_on_log(context: u32): void {
  release(context);
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L1_concurrency_limit());
  state(S0, L2_concurrency_limit_runnin());
  __collect();
  return accepted;
}

export function proxy_on_context_create(context: u32, parent: u32): void {
  created(context, parent);
}

export function proxy_on_delete(context: u32): void {
  release(context);
  deleted(context);
}

export function proxy_on_memory_allocate(size: usize): usize {
  return allocate(size);
}

export function proxy_abi_version_0_2_1(): void {}
