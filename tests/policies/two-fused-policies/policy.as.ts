// wire/rate/inbound/a-first+b-second
// Generated from a-first, b-second. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getHeader, setHeader, setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { orElse } from "proxy-wasm-as/assembly/actions/text";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "first"
@inline function L0_first(): u64 { return bytes(memory.data<u8>([102, 105, 114, 115, 116]), 5); }
// "1"
@inline function L1_1(): u64 { return bytes(memory.data<u8>([49]), 1); }
// "second"
@inline function L2_second(): u64 { return bytes(memory.data<u8>([115, 101, 99, 111, 110, 100]), 6); }
// ""
@inline function L3(): u64 { return bytes(0, 0); }
// "a-first\nb-second\n"
@inline function L4_a_first_b_second(): u64 { return bytes(memory.data<u8>([97, 45, 102, 105, 114, 115, 116, 10, 98, 45, 115, 101, 99, 111, 110, 100, 10]), 17); }

// a-first, policy.cup:1
function p0_a_first(): void {
  setLiteral(L0_first(), L1_1()); // line 6
}

// b-second, policy.cup:9
function p1_b_second(): void {
  setHeader(L2_second(), orElse(getHeader(L0_first()), L3())); // line 14
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_a_first();
  if (runs(1)) p1_b_second();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L4_a_first_b_second());
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
