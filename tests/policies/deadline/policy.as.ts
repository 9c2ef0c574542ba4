// wire/search/outbound/budget
// Generated from budget. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getHeader } from "proxy-wasm-as/assembly/actions/headers";
import { setDeadline, setTimeout } from "proxy-wasm-as/assembly/actions/resilience";
import { bytes, equal } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "x-late"
@inline function L0_x_late(): u64 { return bytes(memory.data<u8>([120, 45, 108, 97, 116, 101]), 6); }
// "true"
@inline function L1_true(): u64 { return bytes(memory.data<u8>([116, 114, 117, 101]), 4); }
// "budget\n"
@inline function L2_budget(): u64 { return bytes(memory.data<u8>([98, 117, 100, 103, 101, 116, 10]), 7); }

// budget, policy.cup:1
function p0_budget(): void {
  if (equal(getHeader(L0_x_late()), L1_true())) { // line 6
    if (!setDeadline(<i64>0)) return; // line 7
  }
  if (!setDeadline(<i64>60000000000)) return; // line 9
  setTimeout(<i64>300000000000); // line 10
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_budget();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L2_budget());
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
