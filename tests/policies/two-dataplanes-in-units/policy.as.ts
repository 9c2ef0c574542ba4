// wire/frontend/outbound/mark
// Generated from mark. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "marked"
@inline function L0_marked(): u64 { return bytes(memory.data<u8>([109, 97, 114, 107, 101, 100]), 6); }
// "true"
@inline function L1_true(): u64 { return bytes(memory.data<u8>([116, 114, 117, 101]), 4); }
// "mark\n"
@inline function L2_mark(): u64 { return bytes(memory.data<u8>([109, 97, 114, 107, 10]), 5); }

// mark, policy.cup:2
function p0_mark(): void {
  setLiteral(L0_marked(), L1_true()); // line 6
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_mark();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L2_mark());
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

// wire/rate/inbound/guard
// Generated from guard. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getHeader } from "proxy-wasm-as/assembly/actions/headers";
import { bytes, equal } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, deny, leave, runs } from "proxy-wasm-as/assembly/policy";

// "internal"
@inline function L0_internal(): u64 { return bytes(memory.data<u8>([105, 110, 116, 101, 114, 110, 97, 108]), 8); }
// "x-internal"
@inline function L1_x_internal(): u64 { return bytes(memory.data<u8>([120, 45, 105, 110, 116, 101, 114, 110, 97, 108]), 10); }
// "true"
@inline function L2_true(): u64 { return bytes(memory.data<u8>([116, 114, 117, 101]), 4); }
// "guard\n"
@inline function L3_guard(): u64 { return bytes(memory.data<u8>([103, 117, 97, 114, 100, 10]), 6); }

// guard, policy.cup:10
function p0_guard(): void {
  if (equal(getHeader(L1_x_internal()), L2_true())) { // line 15
    return deny(403, L0_internal()); // line 15
  }
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_guard();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L3_guard());
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
