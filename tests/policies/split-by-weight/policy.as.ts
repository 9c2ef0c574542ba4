// wire/search/outbound/halves
// Generated from halves. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getHeader } from "proxy-wasm-as/assembly/actions/headers";
import { splitByWeight } from "proxy-wasm-as/assembly/actions/routing";
import { bytes, equal } from "proxy-wasm-as/assembly/bytes";
import { edition } from "proxy-wasm-as/assembly/pairs";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, applyRoute, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "rate"
@inline function L0_rate(): u64 { return bytes(memory.data<u8>([114, 97, 116, 101]), 4); }
// "v1"
@inline function L1_v1(): u64 { return bytes(memory.data<u8>([118, 49]), 2); }
// "v2"
@inline function L2_v2(): u64 { return bytes(memory.data<u8>([118, 50]), 2); }
// "x-all"
@inline function L3_x_all(): u64 { return bytes(memory.data<u8>([120, 45, 97, 108, 108]), 5); }
// "second"
@inline function L4_second(): u64 { return bytes(memory.data<u8>([115, 101, 99, 111, 110, 100]), 6); }
// "first"
@inline function L5_first(): u64 { return bytes(memory.data<u8>([102, 105, 114, 115, 116]), 5); }
// "halves\n"
@inline function L6_halves(): u64 { return bytes(memory.data<u8>([104, 97, 108, 118, 101, 115, 10]), 7); }

// getheader "x-all"
let R0_value: u64 = 0;
let R0_edition: u32 = 0;
function R0(): u64 {
  if (R0_edition != edition) {
    R0_value = getHeader(L3_x_all());
    R0_edition = edition;
  }
  return R0_value;
}

// halves, policy.cup:1
function p0_halves(): void {
  if (equal(R0(), L5_first())) { // line 6
    splitByWeight(L0_rate(), L1_v1(), <i64>1, L2_v2(), <i64>0); // line 7
  } else {
    if (equal(R0(), L4_second())) { // line 8
      splitByWeight(L0_rate(), L1_v1(), <i64>0, L2_v2(), <i64>1); // line 9
    } else {
      splitByWeight(L0_rate(), L1_v1(), <i64>3, L2_v2(), <i64>1); // line 11
    }
  }
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_halves();
  applyRoute();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L6_halves());
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
