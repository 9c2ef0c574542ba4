// wire/search/outbound/patient
// Generated from patient. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { setRetries, setTimeout } from "proxy-wasm-as/assembly/actions/resilience";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "5xx,reset"
@inline function L0_5xx_reset(): u64 { return bytes(memory.data<u8>([53, 120, 120, 44, 114, 101, 115, 101, 116]), 9); }
// "patient\n"
@inline function L1_patient(): u64 { return bytes(memory.data<u8>([112, 97, 116, 105, 101, 110, 116, 10]), 8); }

// patient, policy.cup:1
function p0_patient(): void {
  setTimeout(<i64>5000000000); // line 6
  setRetries(<i64>2, L0_5xx_reset(), 0); // line 7
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_patient();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L1_patient());
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
