// wire/geo/inbound/d-arrives+e-counts+f-answers
// Generated from d-arrives, e-counts, f-answers. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { count, getStatus } from "proxy-wasm-as/assembly/actions/telemetry";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { isOwnAnswer } from "proxy-wasm-as/assembly/own-answer";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "x-arrived"
@inline function L0_x_arrived(): u64 { return bytes(memory.data<u8>([120, 45, 97, 114, 114, 105, 118, 101, 100]), 9); }
// "yes"
@inline function L1_yes(): u64 { return bytes(memory.data<u8>([121, 101, 115]), 3); }
// "sent_to_geo"
@inline function L2_sent_to_geo(): u64 { return bytes(memory.data<u8>([115, 101, 110, 116, 95, 116, 111, 95, 103, 101, 111]), 11); }
// "x-answer"
@inline function L3_x_answer(): u64 { return bytes(memory.data<u8>([120, 45, 97, 110, 115, 119, 101, 114]), 8); }
// "failed"
@inline function L4_failed(): u64 { return bytes(memory.data<u8>([102, 97, 105, 108, 101, 100]), 6); }
// "d-arrives\ne-counts\nf-answers\n"
@inline function L5_d_arrives_e_counts_f_ans(): u64 { return bytes(memory.data<u8>([100, 45, 97, 114, 114, 105, 118, 101, 115, 10, 101, 45, 99, 111, 117, 110, 116, 115, 10, 102, 45, 97, 110, 115, 119, 101, 114, 115, 10]), 29); }

// Count sent_to_geo
const M0: usize = memory.data(4);
// Count failed
const M1: usize = memory.data(4);

// d-arrives, policy.cup:17
function p0_d_arrives(): void {
  setLiteral(L0_x_arrived(), L1_yes()); // line 19
}

// e-counts, policy.cup:22
function p1_e_counts(): void {
  count(M0, L2_sent_to_geo(), <i64>1); // line 23
}

// f-answers, policy.cup:26
function p2_f_answers(): void {
  setLiteral(L3_x_answer(), L1_yes()); // line 27
  if (getStatus() == <i64>503) { // line 28
    count(M1, L4_failed(), <i64>1); // line 28
  }
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_d_arrives();
  if (runs(1)) p1_e_counts();
  return leave();
}

export function proxy_on_response_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 2);
  if (isOwnAnswer()) return leave();
  if (runs(2)) p2_f_answers();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L5_d_arrives_e_counts_f_ans());
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

// wire/rate/inbound/c-refuses
// wire/search/outbound/c-refuses
// Generated from c-refuses. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { hasHeader } from "proxy-wasm-as/assembly/actions/headers";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, deny, leave, runs } from "proxy-wasm-as/assembly/policy";

// ""
@inline function L0(): u64 { return bytes(0, 0); }
// "x-no"
@inline function L1_x_no(): u64 { return bytes(memory.data<u8>([120, 45, 110, 111]), 4); }
// "c-refuses\n"
@inline function L2_c_refuses(): u64 { return bytes(memory.data<u8>([99, 45, 114, 101, 102, 117, 115, 101, 115, 10]), 10); }

// c-refuses, policy.cup:13
function p0_c_refuses(): void {
  if (hasHeader(L1_x_no())) { // line 14
    return deny(403, L0()); // line 14
  }
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_c_refuses();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L2_c_refuses());
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

// wire/rate/inbound/d-arrives+f-answers
// Generated from d-arrives, f-answers. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { count, getStatus } from "proxy-wasm-as/assembly/actions/telemetry";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { isOwnAnswer } from "proxy-wasm-as/assembly/own-answer";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "x-arrived"
@inline function L0_x_arrived(): u64 { return bytes(memory.data<u8>([120, 45, 97, 114, 114, 105, 118, 101, 100]), 9); }
// "yes"
@inline function L1_yes(): u64 { return bytes(memory.data<u8>([121, 101, 115]), 3); }
// "x-answer"
@inline function L2_x_answer(): u64 { return bytes(memory.data<u8>([120, 45, 97, 110, 115, 119, 101, 114]), 8); }
// "failed"
@inline function L3_failed(): u64 { return bytes(memory.data<u8>([102, 97, 105, 108, 101, 100]), 6); }
// "d-arrives\nf-answers\n"
@inline function L4_d_arrives_f_answers(): u64 { return bytes(memory.data<u8>([100, 45, 97, 114, 114, 105, 118, 101, 115, 10, 102, 45, 97, 110, 115, 119, 101, 114, 115, 10]), 20); }

// Count failed
const M0: usize = memory.data(4);

// d-arrives, policy.cup:17
function p0_d_arrives(): void {
  setLiteral(L0_x_arrived(), L1_yes()); // line 19
}

// f-answers, policy.cup:26
function p1_f_answers(): void {
  setLiteral(L2_x_answer(), L1_yes()); // line 27
  if (getStatus() == <i64>503) { // line 28
    count(M0, L3_failed(), <i64>1); // line 28
  }
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_d_arrives();
  return leave();
}

export function proxy_on_response_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 2);
  if (isOwnAnswer()) return leave();
  if (runs(1)) p1_f_answers();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L4_d_arrives_f_answers());
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

// wire/search/outbound/a-slow+b-again+e-counts+f-answers
// Generated from a-slow, b-again, e-counts, f-answers. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { hasHeader, setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { injectDelay, setRetries, setTimeout } from "proxy-wasm-as/assembly/actions/resilience";
import { mirror } from "proxy-wasm-as/assembly/actions/routing";
import { count, getStatus } from "proxy-wasm-as/assembly/actions/telemetry";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { isOwnAnswer } from "proxy-wasm-as/assembly/own-answer";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, applyRoute, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "x-slow"
@inline function L0_x_slow(): u64 { return bytes(memory.data<u8>([120, 45, 115, 108, 111, 119]), 6); }
// "rate"
@inline function L1_rate(): u64 { return bytes(memory.data<u8>([114, 97, 116, 101]), 4); }
// "v2"
@inline function L2_v2(): u64 { return bytes(memory.data<u8>([118, 50]), 2); }
// "connect-failure,refused-stream,5xx"
@inline function L3_connect_failure_refused(): u64 { return bytes(memory.data<u8>([99, 111, 110, 110, 101, 99, 116, 45, 102, 97, 105, 108, 117, 114, 101, 44, 114, 101, 102, 117, 115, 101, 100, 45, 115, 116, 114, 101, 97, 109, 44, 53, 120, 120]), 34); }
// "sent_to_geo"
@inline function L4_sent_to_geo(): u64 { return bytes(memory.data<u8>([115, 101, 110, 116, 95, 116, 111, 95, 103, 101, 111]), 11); }
// "x-answer"
@inline function L5_x_answer(): u64 { return bytes(memory.data<u8>([120, 45, 97, 110, 115, 119, 101, 114]), 8); }
// "yes"
@inline function L6_yes(): u64 { return bytes(memory.data<u8>([121, 101, 115]), 3); }
// "failed"
@inline function L7_failed(): u64 { return bytes(memory.data<u8>([102, 97, 105, 108, 101, 100]), 6); }
// "a-slow\nb-again\ne-counts\nf-answers\n"
@inline function L8_a_slow_b_again_e_counts(): u64 { return bytes(memory.data<u8>([97, 45, 115, 108, 111, 119, 10, 98, 45, 97, 103, 97, 105, 110, 10, 101, 45, 99, 111, 117, 110, 116, 115, 10, 102, 45, 97, 110, 115, 119, 101, 114, 115, 10]), 34); }

// Count sent_to_geo
const M0: usize = memory.data(4);
// Count failed
const M1: usize = memory.data(4);

// a-slow, policy.cup:1
function p0_a_slow(): void {
  setTimeout(<i64>100000000); // line 3
  if (hasHeader(L0_x_slow())) { // line 4
    injectDelay(<i64>200000000, <f64>100.0); // line 4
  }
  mirror(L1_rate(), L2_v2(), <f64>100.0); // line 5
}

// b-again, policy.cup:8
function p1_b_again(): void {
  setRetries(<i64>2, L3_connect_failure_refused(), 0); // line 10
}

// e-counts, policy.cup:22
function p2_e_counts(): void {
  count(M0, L4_sent_to_geo(), <i64>1); // line 23
}

// f-answers, policy.cup:26
function p3_f_answers(): void {
  setLiteral(L5_x_answer(), L6_yes()); // line 27
  if (getStatus() == <i64>503) { // line 28
    count(M1, L7_failed(), <i64>1); // line 28
  }
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_a_slow();
  if (runs(1)) p1_b_again();
  if (runs(2)) p2_e_counts();
  applyRoute();
  return leave();
}

export function proxy_on_response_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 2);
  if (isOwnAnswer()) return leave();
  if (runs(3)) p3_f_answers();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L8_a_slow_b_again_e_counts());
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
