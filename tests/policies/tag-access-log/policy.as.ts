// wire/rate/inbound/tags
// Generated from tags. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getCaller } from "proxy-wasm-as/assembly/actions/access";
import { getHeader } from "proxy-wasm-as/assembly/actions/headers";
import { tagAccessLog } from "proxy-wasm-as/assembly/actions/telemetry";
import { orElse } from "proxy-wasm-as/assembly/actions/text";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "user"
@inline function L0_user(): u64 { return bytes(memory.data<u8>([117, 115, 101, 114]), 4); }
// "x-user"
@inline function L1_x_user(): u64 { return bytes(memory.data<u8>([120, 45, 117, 115, 101, 114]), 6); }
// "nobody"
@inline function L2_nobody(): u64 { return bytes(memory.data<u8>([110, 111, 98, 111, 100, 121]), 6); }
// "caller"
@inline function L3_caller(): u64 { return bytes(memory.data<u8>([99, 97, 108, 108, 101, 114]), 6); }
// ""
@inline function L4(): u64 { return bytes(0, 0); }
// "tags\n"
@inline function L5_tags(): u64 { return bytes(memory.data<u8>([116, 97, 103, 115, 10]), 5); }

// tags, policy.cup:1
function p0_tags(): void {
  tagAccessLog(L0_user(), orElse(getHeader(L1_x_user()), L2_nobody())); // line 6
  tagAccessLog(L3_caller(), orElse(getCaller(), L4())); // line 7
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_tags();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L5_tags());
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
