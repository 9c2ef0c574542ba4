// wire/rate/inbound/c-callee+d-inner
// Generated from c-callee, d-inner. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { addHeader } from "proxy-wasm-as/assembly/actions/headers";
import { count, getStatus, log } from "proxy-wasm-as/assembly/actions/telemetry";
import { concat, toString } from "proxy-wasm-as/assembly/actions/text";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { isOwnAnswer } from "proxy-wasm-as/assembly/own-answer";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "order"
@inline function L0_order(): u64 { return bytes(memory.data<u8>([111, 114, 100, 101, 114]), 5); }
// "c"
@inline function L1_c(): u64 { return bytes(memory.data<u8>([99]), 1); }
// "callee"
@inline function L2_callee(): u64 { return bytes(memory.data<u8>([99, 97, 108, 108, 101, 101]), 6); }
// "d"
@inline function L3_d(): u64 { return bytes(memory.data<u8>([100]), 1); }
// "d saw "
@inline function L4_d_saw(): u64 { return bytes(memory.data<u8>([100, 32, 115, 97, 119, 32]), 6); }
// "c-callee\nd-inner\n"
@inline function L5_c_callee_d_inner(): u64 { return bytes(memory.data<u8>([99, 45, 99, 97, 108, 108, 101, 101, 10, 100, 45, 105, 110, 110, 101, 114, 10]), 17); }

// Count callee
const M0: usize = memory.data(4);

// c-callee, policy.cup:19
function p0_c_callee(): void {
  addHeader(L0_order(), L1_c()); // line 24
  count(M0, L2_callee(), <i64>1); // line 25
}

// d-inner, policy.cup:28
function p1_d_inner(): void {
  if (getStatus() == <i64>418) { // line 33
    return; // line 33
  }
  addHeader(L0_order(), L3_d()); // line 34
  log(concat(L4_d_saw(), toString(getStatus())), 3); // line 35
}

export function proxy_on_response_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 2);
  if (isOwnAnswer()) return leave();
  if (runs(1)) p1_d_inner();
  if (runs(0)) p0_c_callee();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L5_c_callee_d_inner());
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

// wire/rate/inbound/e-answers
// Generated from e-answers. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { bodyContains } from "proxy-wasm-as/assembly/actions/body";
import { hasHeader } from "proxy-wasm-as/assembly/actions/headers";
import { injectAbort } from "proxy-wasm-as/assembly/actions/resilience";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { endFirst, holdFirst, letFirstGo, passEndOfFirst, passFirst } from "proxy-wasm-as/assembly/first-piece";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, audits, begin, deny, leave, runs } from "proxy-wasm-as/assembly/policy";
import { isWaiting, refuse, resume, wait } from "proxy-wasm-as/assembly/waiting";

// "callee"
@inline function L0_callee(): u64 { return bytes(memory.data<u8>([99, 97, 108, 108, 101, 101]), 6); }
// "at-callee"
@inline function L1_at_callee(): u64 { return bytes(memory.data<u8>([97, 116, 45, 99, 97, 108, 108, 101, 101]), 9); }
// "abort"
@inline function L2_abort(): u64 { return bytes(memory.data<u8>([97, 98, 111, 114, 116]), 5); }
// "body"
@inline function L3_body(): u64 { return bytes(memory.data<u8>([98, 111, 100, 121]), 4); }
// "bad"
@inline function L4_bad(): u64 { return bytes(memory.data<u8>([98, 97, 100]), 3); }
// "e-answers\n"
@inline function L5_e_answers(): u64 { return bytes(memory.data<u8>([101, 45, 97, 110, 115, 119, 101, 114, 115, 10]), 10); }

// e-answers, policy.cup:46
function p0_e_answers(): void {
  if (hasHeader(L1_at_callee())) { // line 51
    return deny(403, L0_callee()); // line 51
  }
  if (hasHeader(L2_abort())) { // line 52
    if (injectAbort(418, <f64>100.0)) return; // line 52
  }
  if (bodyContains(L4_bad(), 100)) { // line 53
    return deny(400, L3_body()); // line 53
  }
}

function requestPolicies(): void {
  if (runs(0)) p0_e_answers();
}

export function proxy_on_request_headers(context: u32, _headers: u32, last: u32): u32 {
  begin(context, 0);
  if (last == 0 && runs(0) && (wait() || (runs(0) && !audits() && refuse()))) return holdFirst(context, 1);
  requestPolicies();
  return leave();
}

export function proxy_on_request_body(context: u32, size: u32, last: u32): u32 {
  if (!isWaiting(context, 0)) return passFirst(context, last, 0);
  if (last == 0 && size <= 100) return passFirst(context, last, 1);
  begin(context, 0);
  resume(context, 0);
  requestPolicies();
  return passFirst(context, last, leave());
}

export function proxy_on_request_trailers(context: u32, _trailers: u32): u32 {
  if (!isWaiting(context, 0)) return passEndOfFirst(context, 0);
  begin(context, 0);
  resume(context, 0);
  requestPolicies();
  return passEndOfFirst(context, leave());
}

export function proxy_on_queue_ready(root: u32, queue: u32): void {
  letFirstGo(root, queue);
  __collect();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L5_e_answers());
  __collect();
  return accepted;
}

export function proxy_on_context_create(context: u32, parent: u32): void {
  created(context, parent);
}

export function proxy_on_delete(context: u32): void {
  resume(context, 0);
  endFirst(context);
  deleted(context);
}

export function proxy_on_memory_allocate(size: usize): usize {
  return allocate(size);
}

export function proxy_abi_version_0_2_1(): void {}

// wire/search/outbound/a-outer+b-caller
// Generated from a-outer, b-caller. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getBodySize } from "proxy-wasm-as/assembly/actions/body";
import { addHeader, getHeaders, setHeader } from "proxy-wasm-as/assembly/actions/headers";
import { getStatus, log } from "proxy-wasm-as/assembly/actions/telemetry";
import { concat, orElse, toString } from "proxy-wasm-as/assembly/actions/text";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { isOwnAnswer } from "proxy-wasm-as/assembly/own-answer";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";
import { isWaiting, resume, wait } from "proxy-wasm-as/assembly/waiting";

// "order"
@inline function L0_order(): u64 { return bytes(memory.data<u8>([111, 114, 100, 101, 114]), 5); }
// "a"
@inline function L1_a(): u64 { return bytes(memory.data<u8>([97]), 1); }
// "a saw "
@inline function L2_a_saw(): u64 { return bytes(memory.data<u8>([97, 32, 115, 97, 119, 32]), 6); }
// " "
@inline function L3_(): u64 { return bytes(memory.data<u8>([32]), 1); }
// ""
@inline function L4(): u64 { return bytes(0, 0); }
// "b"
@inline function L5_b(): u64 { return bytes(memory.data<u8>([98]), 1); }
// "b-saw"
@inline function L6_b_saw(): u64 { return bytes(memory.data<u8>([98, 45, 115, 97, 119]), 5); }
// "a-outer\nb-caller\n"
@inline function L7_a_outer_b_caller(): u64 { return bytes(memory.data<u8>([97, 45, 111, 117, 116, 101, 114, 10, 98, 45, 99, 97, 108, 108, 101, 114, 10]), 17); }

// a-outer, policy.cup:1
function p0_a_outer(): void {
  addHeader(L0_order(), L1_a()); // line 6
  log(concat(concat(concat(L2_a_saw(), toString(getStatus())), L3_()), orElse(getHeaders(L0_order()), L4())), 2); // line 7
}

// b-caller, policy.cup:10
function p1_b_caller(): void {
  addHeader(L0_order(), L5_b()); // line 15
  setHeader(L6_b_saw(), toString(getBodySize(100))); // line 16
}

function responsePolicies(): void {
  if (runs(1)) p1_b_caller();
  if (runs(0)) p0_a_outer();
}

export function proxy_on_response_headers(context: u32, _headers: u32, last: u32): u32 {
  begin(context, 2);
  if (isOwnAnswer()) return leave();
  if (last == 0 && runs(1) && wait()) return 1;
  responsePolicies();
  return leave();
}

export function proxy_on_response_body(context: u32, size: u32, last: u32): u32 {
  if (!isWaiting(context, 2)) return 0;
  if (last == 0 && size <= 100) return 1;
  begin(context, 2);
  resume(context, 2);
  responsePolicies();
  return leave();
}

export function proxy_on_response_trailers(context: u32, _trailers: u32): u32 {
  if (!isWaiting(context, 2)) return 0;
  begin(context, 2);
  resume(context, 2);
  responsePolicies();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L7_a_outer_b_caller());
  __collect();
  return accepted;
}

export function proxy_on_context_create(context: u32, parent: u32): void {
  created(context, parent);
}

export function proxy_on_delete(context: u32): void {
  resume(context, 2);
  deleted(context);
}

export function proxy_on_memory_allocate(size: usize): usize {
  return allocate(size);
}

export function proxy_abi_version_0_2_1(): void {}

// wire/search/outbound/answers-early
// Generated from answers-early. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { hasHeader } from "proxy-wasm-as/assembly/actions/headers";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, deny, leave, runs } from "proxy-wasm-as/assembly/policy";

// "caller"
@inline function L0_caller(): u64 { return bytes(memory.data<u8>([99, 97, 108, 108, 101, 114]), 6); }
// "at-caller"
@inline function L1_at_caller(): u64 { return bytes(memory.data<u8>([97, 116, 45, 99, 97, 108, 108, 101, 114]), 9); }
// "answers-early\n"
@inline function L2_answers_early(): u64 { return bytes(memory.data<u8>([97, 110, 115, 119, 101, 114, 115, 45, 101, 97, 114, 108, 121, 10]), 14); }

// answers-early, policy.cup:38
function p0_answers_early(): void {
  if (hasHeader(L1_at_caller())) { // line 43
    return deny(429, L0_caller()); // line 43
  }
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_answers_early();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L2_answers_early());
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
