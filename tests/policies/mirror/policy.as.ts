// wire/search/outbound/shadow
// Generated from shadow. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { mirror, routeToVersion } from "proxy-wasm-as/assembly/actions/routing";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, applyRoute, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "rate"
@inline function L0_rate(): u64 { return bytes(memory.data<u8>([114, 97, 116, 101]), 4); }
// "v1"
@inline function L1_v1(): u64 { return bytes(memory.data<u8>([118, 49]), 2); }
// "v2"
@inline function L2_v2(): u64 { return bytes(memory.data<u8>([118, 50]), 2); }
// "shadow\n"
@inline function L3_shadow(): u64 { return bytes(memory.data<u8>([115, 104, 97, 100, 111, 119, 10]), 7); }

// shadow, policy.cup:1
function p0_shadow(): void {
  routeToVersion(L0_rate(), L1_v1()); // line 6
  mirror(L0_rate(), L2_v2(), <f64>50.0); // line 7
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_shadow();
  applyRoute();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L3_shadow());
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
