// wire/search/outbound/sticky
// Generated from sticky. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getHeader } from "proxy-wasm-as/assembly/actions/headers";
import { routeToVersion, setHashKey } from "proxy-wasm-as/assembly/actions/routing";
import { orElse } from "proxy-wasm-as/assembly/actions/text";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, applyRoute, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "rate"
@inline function L0_rate(): u64 { return bytes(memory.data<u8>([114, 97, 116, 101]), 4); }
// "v1"
@inline function L1_v1(): u64 { return bytes(memory.data<u8>([118, 49]), 2); }
// "x-user"
@inline function L2_x_user(): u64 { return bytes(memory.data<u8>([120, 45, 117, 115, 101, 114]), 6); }
// ""
@inline function L3(): u64 { return bytes(0, 0); }
// "sticky\n"
@inline function L4_sticky(): u64 { return bytes(memory.data<u8>([115, 116, 105, 99, 107, 121, 10]), 7); }

// sticky, policy.cup:1
function p0_sticky(): void {
  routeToVersion(L0_rate(), L1_v1()); // line 6
  setHashKey(orElse(getHeader(L2_x_user()), L3())); // line 7
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_sticky();
  applyRoute();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L4_sticky());
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
