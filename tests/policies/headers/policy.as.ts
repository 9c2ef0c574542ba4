// wire/rate/inbound/headers
// Generated from headers. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { addHeader, getHeader, getHeaders, hasHeader, removeHeader, setHeader, setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { orElse } from "proxy-wasm-as/assembly/actions/text";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "x-list"
@inline function L0_x_list(): u64 { return bytes(memory.data<u8>([120, 45, 108, 105, 115, 116]), 6); }
// "added"
@inline function L1_added(): u64 { return bytes(memory.data<u8>([97, 100, 100, 101, 100]), 5); }
// "x-secret"
@inline function L2_x_secret(): u64 { return bytes(memory.data<u8>([120, 45, 115, 101, 99, 114, 101, 116]), 8); }
// "any"
@inline function L3_any(): u64 { return bytes(memory.data<u8>([97, 110, 121]), 3); }
// "admin"
@inline function L4_admin(): u64 { return bytes(memory.data<u8>([97, 100, 109, 105, 110]), 5); }
// "x-role"
@inline function L5_x_role(): u64 { return bytes(memory.data<u8>([120, 45, 114, 111, 108, 101]), 6); }
// "none"
@inline function L6_none(): u64 { return bytes(memory.data<u8>([110, 111, 110, 101]), 4); }
// "first"
@inline function L7_first(): u64 { return bytes(memory.data<u8>([102, 105, 114, 115, 116]), 5); }
// "absent"
@inline function L8_absent(): u64 { return bytes(memory.data<u8>([97, 98, 115, 101, 110, 116]), 6); }
// "all"
@inline function L9_all(): u64 { return bytes(memory.data<u8>([97, 108, 108]), 3); }
// "headers\n"
@inline function L10_headers(): u64 { return bytes(memory.data<u8>([104, 101, 97, 100, 101, 114, 115, 10]), 8); }

// headers, policy.cup:1
function p0_headers(): void {
  addHeader(L0_x_list(), L1_added()); // line 6
  removeHeader(L2_x_secret()); // line 7
  if (hasHeader(L5_x_role(), L4_admin())) { // line 8
    setLiteral(L3_any(), L4_admin()); // line 9
  }
  if (!hasHeader(L5_x_role())) { // line 11
    setLiteral(L3_any(), L6_none()); // line 12
  }
  setHeader(L7_first(), orElse(getHeader(L5_x_role()), L8_absent())); // line 14
  setHeader(L9_all(), orElse(getHeaders(L5_x_role()), L8_absent())); // line 15
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_headers();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L10_headers());
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
