// wire/frontend/inbound/mark
// Generated from mark. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "from"
@inline function L0_from(): u64 { return bytes(memory.data<u8>([102, 114, 111, 109]), 4); }
// "outside"
@inline function L1_outside(): u64 { return bytes(memory.data<u8>([111, 117, 116, 115, 105, 100, 101]), 7); }
// "mark\n"
@inline function L2_mark(): u64 { return bytes(memory.data<u8>([109, 97, 114, 107, 10]), 5); }

// mark, policy.cup:1
function p0_mark(): void {
  setLiteral(L0_from(), L1_outside()); // line 5
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
