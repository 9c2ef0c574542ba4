// wire/rate/inbound/a-outer+b-inner
// Generated from a-outer, b-inner. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getCallee, getCaller } from "proxy-wasm-as/assembly/actions/access";
import { addHeader, getHeader, getHeaders, hasHeader, removeHeader, setHeader, setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { count, getStatus, histogram, isRequestStatus, log, tagAccessLog } from "proxy-wasm-as/assembly/actions/telemetry";
import { concat, orElse, toString } from "proxy-wasm-as/assembly/actions/text";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { isOwnAnswer } from "proxy-wasm-as/assembly/own-answer";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "order"
@inline function L0_order(): u64 { return bytes(memory.data<u8>([111, 114, 100, 101, 114]), 5); }
// "outer"
@inline function L1_outer(): u64 { return bytes(memory.data<u8>([111, 117, 116, 101, 114]), 5); }
// "verdict"
@inline function L2_verdict(): u64 { return bytes(memory.data<u8>([118, 101, 114, 100, 105, 99, 116]), 7); }
// "failed"
@inline function L3_failed(): u64 { return bytes(memory.data<u8>([102, 97, 105, 108, 101, 100]), 6); }
// "failures"
@inline function L4_failures(): u64 { return bytes(memory.data<u8>([102, 97, 105, 108, 117, 114, 101, 115]), 8); }
// "fine"
@inline function L5_fine(): u64 { return bytes(memory.data<u8>([102, 105, 110, 101]), 4); }
// "status"
@inline function L6_status(): u64 { return bytes(memory.data<u8>([115, 116, 97, 116, 117, 115]), 6); }
// "answered"
@inline function L7_answered(): u64 { return bytes(memory.data<u8>([97, 110, 115, 119, 101, 114, 101, 100]), 8); }
// "x-inside"
@inline function L8_x_inside(): u64 { return bytes(memory.data<u8>([120, 45, 105, 110, 115, 105, 100, 101]), 8); }
// "inner"
@inline function L9_inner(): u64 { return bytes(memory.data<u8>([105, 110, 110, 101, 114]), 5); }
// "way"
@inline function L10_way(): u64 { return bytes(memory.data<u8>([119, 97, 121]), 3); }
// "?"
@inline function L11_(): u64 { return bytes(memory.data<u8>([63]), 1); }
// " to "
@inline function L12__to(): u64 { return bytes(memory.data<u8>([32, 116, 111, 32]), 4); }
// "was"
@inline function L13_was(): u64 { return bytes(memory.data<u8>([119, 97, 115]), 3); }
// "x-kind"
@inline function L14_x_kind(): u64 { return bytes(memory.data<u8>([120, 45, 107, 105, 110, 100]), 6); }
// "none"
@inline function L15_none(): u64 { return bytes(memory.data<u8>([110, 111, 110, 101]), 4); }
// "first"
@inline function L16_first(): u64 { return bytes(memory.data<u8>([102, 105, 114, 115, 116]), 5); }
// ""
@inline function L17(): u64 { return bytes(0, 0); }
// "b"
@inline function L18_b(): u64 { return bytes(memory.data<u8>([98]), 1); }
// "a-outer\nb-inner\n"
@inline function L19_a_outer_b_inner(): u64 { return bytes(memory.data<u8>([97, 45, 111, 117, 116, 101, 114, 10, 98, 45, 105, 110, 110, 101, 114, 10]), 16); }

// Count failures
const M0: usize = memory.data(4);
// Histogram status
const M1: usize = memory.data(4);

// a-outer, policy.cup:1
function p0_a_outer(): void {
  addHeader(L0_order(), L1_outer()); // line 5
  if (isRequestStatus(true)) { // line 6
    setLiteral(L2_verdict(), L3_failed()); // line 7
    count(M0, L4_failures(), <i64>1); // line 8
  } else {
    if (isRequestStatus(false)) { // line 9
      setLiteral(L2_verdict(), L5_fine()); // line 9
    }
  }
  histogram(M1, L6_status(), getStatus()); // line 10
  tagAccessLog(L6_status(), toString(getStatus())); // line 11
  log(L7_answered(), 1); // line 12
  if ((getStatus() == <i64>404)) { // line 13
    removeHeader(L8_x_inside()); // line 13
  }
}

// b-inner, policy.cup:16
function p1_b_inner(): void {
  addHeader(L0_order(), L9_inner()); // line 21
  setHeader(L10_way(), concat(concat(orElse(getCaller(), L11_()), L12__to()), getCallee())); // line 22
  setHeader(L13_was(), orElse(getHeaders(L14_x_kind()), L15_none())); // line 23
  if (hasHeader(L14_x_kind(), L18_b())) { // line 24
    setHeader(L16_first(), orElse(getHeader(L14_x_kind()), L17())); // line 24
  }
}

export function proxy_on_response_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 2);
  if (isOwnAnswer()) return leave();
  if (runs(1)) p1_b_inner();
  if (runs(0)) p0_a_outer();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L19_a_outer_b_inner());
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

// wire/rate/inbound/c-deny
// Generated from c-deny. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getHeader } from "proxy-wasm-as/assembly/actions/headers";
import { bytes, equal } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, deny, leave, runs } from "proxy-wasm-as/assembly/policy";

// "no"
@inline function L0_no(): u64 { return bytes(memory.data<u8>([110, 111]), 2); }
// "bad"
@inline function L1_bad(): u64 { return bytes(memory.data<u8>([98, 97, 100]), 3); }
// "1"
@inline function L2_1(): u64 { return bytes(memory.data<u8>([49]), 1); }
// "c-deny\n"
@inline function L3_c_deny(): u64 { return bytes(memory.data<u8>([99, 45, 100, 101, 110, 121, 10]), 7); }

// c-deny, policy.cup:27
function p0_c_deny(): void {
  if (equal(getHeader(L1_bad()), L2_1())) { // line 32
    return deny(403, L0_no()); // line 32
  }
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_c_deny();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L3_c_deny());
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
