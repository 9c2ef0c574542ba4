// wire/rate/inbound@v1/b-mark
// Generated from b-mark. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getHeader, setHeader } from "proxy-wasm-as/assembly/actions/headers";
import { orElse } from "proxy-wasm-as/assembly/actions/text";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "beta-too"
@inline function L0_beta_too(): u64 { return bytes(memory.data<u8>([98, 101, 116, 97, 45, 116, 111, 111]), 8); }
// "beta"
@inline function L1_beta(): u64 { return bytes(memory.data<u8>([98, 101, 116, 97]), 4); }
// "b-mark\n"
@inline function L2_b_mark(): u64 { return bytes(memory.data<u8>([98, 45, 109, 97, 114, 107, 10]), 7); }

// b-mark, policy.cup:8
function p0_b_mark(): void {
  setHeader(L0_beta_too(), orElse(getHeader(L1_beta()), 0)); // line 13
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_b_mark();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L2_b_mark());
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

// wire/rate/inbound@v2/a-beta+b-mark
// Generated from a-beta, b-mark. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getHeader, setHeader, setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { orElse } from "proxy-wasm-as/assembly/actions/text";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "beta"
@inline function L0_beta(): u64 { return bytes(memory.data<u8>([98, 101, 116, 97]), 4); }
// "yes"
@inline function L1_yes(): u64 { return bytes(memory.data<u8>([121, 101, 115]), 3); }
// "beta-too"
@inline function L2_beta_too(): u64 { return bytes(memory.data<u8>([98, 101, 116, 97, 45, 116, 111, 111]), 8); }
// "a-beta\nb-mark\n"
@inline function L3_a_beta_b_mark(): u64 { return bytes(memory.data<u8>([97, 45, 98, 101, 116, 97, 10, 98, 45, 109, 97, 114, 107, 10]), 14); }

// a-beta, policy.cup:1
function p0_a_beta(): void {
  setLiteral(L0_beta(), L1_yes()); // line 5
}

// b-mark, policy.cup:8
function p1_b_mark(): void {
  setHeader(L2_beta_too(), orElse(getHeader(L0_beta()), 0)); // line 13
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_a_beta();
  if (runs(1)) p1_b_mark();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L3_a_beta_b_mark());
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

// wire/search/outbound/c-canary
// Generated from c-canary. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getHeader } from "proxy-wasm-as/assembly/actions/headers";
import { routeToVersion } from "proxy-wasm-as/assembly/actions/routing";
import { bytes, equal } from "proxy-wasm-as/assembly/bytes";
import { edition } from "proxy-wasm-as/assembly/pairs";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, applyRoute, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "rate"
@inline function L0_rate(): u64 { return bytes(memory.data<u8>([114, 97, 116, 101]), 4); }
// "v1"
@inline function L1_v1(): u64 { return bytes(memory.data<u8>([118, 49]), 2); }
// "v2"
@inline function L2_v2(): u64 { return bytes(memory.data<u8>([118, 50]), 2); }
// "pick"
@inline function L3_pick(): u64 { return bytes(memory.data<u8>([112, 105, 99, 107]), 4); }
// "c-canary\n"
@inline function L4_c_canary(): u64 { return bytes(memory.data<u8>([99, 45, 99, 97, 110, 97, 114, 121, 10]), 9); }

// getheader "pick"
let R0_value: u64 = 0;
let R0_edition: u32 = 0;
function R0(): u64 {
  if (R0_edition != edition) {
    R0_value = getHeader(L3_pick());
    R0_edition = edition;
  }
  return R0_value;
}

// c-canary, policy.cup:16
function p0_c_canary(): void {
  if (equal(R0(), L1_v1())) { // line 21
    routeToVersion(L0_rate(), L1_v1()); // line 22
  } else {
    if (equal(R0(), L2_v2())) { // line 23
      routeToVersion(L0_rate(), L2_v2()); // line 24
    }
  }
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_c_canary();
  applyRoute();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L4_c_canary());
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
