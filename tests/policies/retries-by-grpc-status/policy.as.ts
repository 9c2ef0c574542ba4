// wire/search/outbound/patient
// Generated from patient. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { hasHeader } from "proxy-wasm-as/assembly/actions/headers";
import { setRetries } from "proxy-wasm-as/assembly/actions/resilience";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "reset"
@inline function L0_reset(): u64 { return bytes(memory.data<u8>([114, 101, 115, 101, 116]), 5); }
// "unavailable,cancelled"
@inline function L1_unavailable_cancelled(): u64 { return bytes(memory.data<u8>([117, 110, 97, 118, 97, 105, 108, 97, 98, 108, 101, 44, 99, 97, 110, 99, 101, 108, 108, 101, 100]), 21); }
// "resource-exhausted"
@inline function L2_resource_exhausted(): u64 { return bytes(memory.data<u8>([114, 101, 115, 111, 117, 114, 99, 101, 45, 101, 120, 104, 97, 117, 115, 116, 101, 100]), 18); }
// "x-once"
@inline function L3_x_once(): u64 { return bytes(memory.data<u8>([120, 45, 111, 110, 99, 101]), 6); }
// "patient\n"
@inline function L4_patient(): u64 { return bytes(memory.data<u8>([112, 97, 116, 105, 101, 110, 116, 10]), 8); }

// patient, policy.cup:1
function p0_patient(): void {
  setRetries(<i64>3, L0_reset(), L1_unavailable_cancelled()); // line 6
  if (hasHeader(L3_x_once())) { // line 7
    setRetries(<i64>1, 0, L2_resource_exhausted()); // line 7
  }
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_patient();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L4_patient());
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
