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
    if (injectAbort(418, <f64>100.0)) return; // line 8
  }
  if (injectAbort(500, <f64>0.0)) return; // line 10
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

// wire/rate/inbound/guarded
// Generated from guarded. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { hasHeader } from "proxy-wasm-as/assembly/actions/headers";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, deny, leave, runs } from "proxy-wasm-as/assembly/policy";

// ""
@inline function L0(): u64 { return bytes(0, 0); }
// "x-bad"
@inline function L1_x_bad(): u64 { return bytes(memory.data<u8>([120, 45, 98, 97, 100]), 5); }
// "guarded\n"
@inline function L2_guarded(): u64 { return bytes(memory.data<u8>([103, 117, 97, 114, 100, 101, 100, 10]), 8); }

// guarded, policy.cup:14
function p0_guarded(): void {
  if (hasHeader(L1_x_bad())) { // line 20
    return deny(403, L0()); // line 20
  }
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_guarded();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L2_guarded());
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

// wire/search/outbound/slow
// Generated from slow. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { hasHeader } from "proxy-wasm-as/assembly/actions/headers";
import { injectDelay, setTimeout } from "proxy-wasm-as/assembly/actions/resilience";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "x-slow"
@inline function L0_x_slow(): u64 { return bytes(memory.data<u8>([120, 45, 115, 108, 111, 119]), 6); }
// "slow\n"
@inline function L1_slow(): u64 { return bytes(memory.data<u8>([115, 108, 111, 119, 10]), 5); }

// slow, policy.cup:23
function p0_slow(): void {
  setTimeout(<i64>60000000); // line 29
  if (hasHeader(L0_x_slow())) { // line 30
    injectDelay(<i64>200000000, <f64>100.0); // line 30
  }
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_slow();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L1_slow());
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
