// wire/rate/inbound/chaos
// Generated from chaos. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getHeader } from "proxy-wasm-as/assembly/actions/headers";
import { injectAbort, injectDelay } from "proxy-wasm-as/assembly/actions/resilience";
import { bytes, equal } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "x-break"
@inline function L0_x_break(): u64 { return bytes(memory.data<u8>([120, 45, 98, 114, 101, 97, 107]), 7); }
// "true"
@inline function L1_true(): u64 { return bytes(memory.data<u8>([116, 114, 117, 101]), 4); }
// "chaos\n"
@inline function L2_chaos(): u64 { return bytes(memory.data<u8>([99, 104, 97, 111, 115, 10]), 6); }

// chaos, policy.cup:1
function p0_chaos(): void {
  injectDelay(<i64>20000000, <f64>50.0); // line 6
  if (equal(getHeader(L0_x_break()), L1_true())) { // line 7
    injectAbort(418, <f64>100.0); // line 8
  }
  injectAbort(500, <f64>0.0); // line 10
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_chaos();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L2_chaos());
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
