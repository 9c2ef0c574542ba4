// wire/search/outbound/a-stable+b-mark
// Generated from a-stable, b-mark. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { routeToVersion } from "proxy-wasm-as/assembly/actions/routing";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, applyRoute, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "rate"
@inline function L0_rate(): u64 { return bytes(memory.data<u8>([114, 97, 116, 101]), 4); }
// "v1"
@inline function L1_v1(): u64 { return bytes(memory.data<u8>([118, 49]), 2); }
// "stable"
@inline function L2_stable(): u64 { return bytes(memory.data<u8>([115, 116, 97, 98, 108, 101]), 6); }
// "yes"
@inline function L3_yes(): u64 { return bytes(memory.data<u8>([121, 101, 115]), 3); }
// "a-stable\nb-mark\n"
@inline function L4_a_stable_b_mark(): u64 { return bytes(memory.data<u8>([97, 45, 115, 116, 97, 98, 108, 101, 10, 98, 45, 109, 97, 114, 107, 10]), 16); }

// a-stable, policy.cup:1
function p0_a_stable(): void {
  routeToVersion(L0_rate(), L1_v1()); // line 5
}

// b-mark, policy.cup:8
function p1_b_mark(): void {
  setLiteral(L2_stable(), L3_yes()); // line 12
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_a_stable();
  if (runs(1)) p1_b_mark();
  applyRoute();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L4_a_stable_b_mark());
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
