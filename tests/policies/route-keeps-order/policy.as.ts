// wire/search/outbound/canary
// Generated from canary. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getHeader, setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { routeToVersion } from "proxy-wasm-as/assembly/actions/routing";
import { bytes, equal } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, applyRoute, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "x-canary"
@inline function L0_x_canary(): u64 { return bytes(memory.data<u8>([120, 45, 99, 97, 110, 97, 114, 121]), 8); }
// "1"
@inline function L1_1(): u64 { return bytes(memory.data<u8>([49]), 1); }
// "rate"
@inline function L2_rate(): u64 { return bytes(memory.data<u8>([114, 97, 116, 101]), 4); }
// "v2"
@inline function L3_v2(): u64 { return bytes(memory.data<u8>([118, 50]), 2); }
// "canary\n"
@inline function L4_canary(): u64 { return bytes(memory.data<u8>([99, 97, 110, 97, 114, 121, 10]), 7); }

// canary, policy.cup:1
function p0_canary(): void {
  setLiteral(L0_x_canary(), L1_1()); // line 5
  if (equal(getHeader(L0_x_canary()), L1_1())) { // line 6
    routeToVersion(L2_rate(), L3_v2()); // line 7
  }
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_canary();
  applyRoute();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L4_canary());
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
