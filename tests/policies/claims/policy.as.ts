// wire/rate/inbound/admins
// Generated from admins. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getClaim } from "proxy-wasm-as/assembly/actions/access";
import { setHeader } from "proxy-wasm-as/assembly/actions/headers";
import { orElse } from "proxy-wasm-as/assembly/actions/text";
import { bytes, equal } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, deny, leave, runs } from "proxy-wasm-as/assembly/policy";

// "x-level"
@inline function L0_x_level(): u64 { return bytes(memory.data<u8>([120, 45, 108, 101, 118, 101, 108]), 7); }
// "level"
@inline function L1_level(): u64 { return bytes(memory.data<u8>([108, 101, 118, 101, 108]), 5); }
// "none"
@inline function L2_none(): u64 { return bytes(memory.data<u8>([110, 111, 110, 101]), 4); }
// "x-units"
@inline function L3_x_units(): u64 { return bytes(memory.data<u8>([120, 45, 117, 110, 105, 116, 115]), 7); }
// "org.units"
@inline function L4_org_units(): u64 { return bytes(memory.data<u8>([111, 114, 103, 46, 117, 110, 105, 116, 115]), 9); }
// "Admins only."
@inline function L5_admins_only(): u64 { return bytes(memory.data<u8>([65, 100, 109, 105, 110, 115, 32, 111, 110, 108, 121, 46]), 12); }
// "role"
@inline function L6_role(): u64 { return bytes(memory.data<u8>([114, 111, 108, 101]), 4); }
// "admin"
@inline function L7_admin(): u64 { return bytes(memory.data<u8>([97, 100, 109, 105, 110]), 5); }
// "admins\n"
@inline function L8_admins(): u64 { return bytes(memory.data<u8>([97, 100, 109, 105, 110, 115, 10]), 7); }

// admins, policy.cup:1
function p0_admins(): void {
  setHeader(L0_x_level(), orElse(getClaim(L1_level()), L2_none())); // line 6
  setHeader(L3_x_units(), orElse(getClaim(L4_org_units()), L2_none())); // line 7
  if (!equal(getClaim(L6_role()), L7_admin())) { // line 8
    return deny(401, L5_admins_only()); // line 9
  }
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_admins();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L8_admins());
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
