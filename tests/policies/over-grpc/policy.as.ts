// wire/rate/inbound/denies
// Generated from denies. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getBodySize } from "proxy-wasm-as/assembly/actions/body";
import { hasHeader } from "proxy-wasm-as/assembly/actions/headers";
import { injectAbort } from "proxy-wasm-as/assembly/actions/resilience";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { endFirst, holdFirst, letFirstGo, passEndOfFirst, passFirst } from "proxy-wasm-as/assembly/first-piece";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, audits, begin, deny, leave, runs } from "proxy-wasm-as/assembly/policy";
import { isWaiting, refuse, resume, wait } from "proxy-wasm-as/assembly/waiting";

// "50% of you"
@inline function L0_50_of_you(): u64 { return bytes(memory.data<u8>([53, 48, 37, 32, 111, 102, 32, 121, 111, 117]), 10); }
// "status"
@inline function L1_status(): u64 { return bytes(memory.data<u8>([115, 116, 97, 116, 117, 115]), 6); }
// "403"
@inline function L2_403(): u64 { return bytes(memory.data<u8>([52, 48, 51]), 3); }
// ""
@inline function L3(): u64 { return bytes(0, 0); }
// "404"
@inline function L4_404(): u64 { return bytes(memory.data<u8>([52, 48, 52]), 3); }
// "slowly"
@inline function L5_slowly(): u64 { return bytes(memory.data<u8>([115, 108, 111, 119, 108, 121]), 6); }
// "429"
@inline function L6_429(): u64 { return bytes(memory.data<u8>([52, 50, 57]), 3); }
// "500"
@inline function L7_500(): u64 { return bytes(memory.data<u8>([53, 48, 48]), 3); }
// "abort"
@inline function L8_abort(): u64 { return bytes(memory.data<u8>([97, 98, 111, 114, 116]), 5); }
// "too long"
@inline function L9_too_long(): u64 { return bytes(memory.data<u8>([116, 111, 111, 32, 108, 111, 110, 103]), 8); }
// "denies\n"
@inline function L10_denies(): u64 { return bytes(memory.data<u8>([100, 101, 110, 105, 101, 115, 10]), 7); }

// denies, policy.cup:1
function p0_denies(): void {
  if (hasHeader(L1_status(), L2_403())) { // line 6
    return deny(403, L0_50_of_you()); // line 6
  }
  if (hasHeader(L1_status(), L4_404())) { // line 7
    return deny(404, L3()); // line 7
  }
  if (hasHeader(L1_status(), L6_429())) { // line 8
    return deny(429, L5_slowly()); // line 8
  }
  if (hasHeader(L1_status(), L7_500())) { // line 9
    return deny(500, L3()); // line 9
  }
  if (hasHeader(L8_abort())) { // line 10
    if (injectAbort(503, <f64>100.0)) return; // line 10
  }
  if (getBodySize(5) > <i64>5) { // line 11
    return deny(400, L9_too_long()); // line 11
  }
}

function requestPolicies(): void {
  if (runs(0)) p0_denies();
}

export function proxy_on_request_headers(context: u32, _headers: u32, last: u32): u32 {
  begin(context, 0);
  if (last == 0 && runs(0) && (wait() || (runs(0) && !audits() && refuse()))) return holdFirst(context, 1);
  requestPolicies();
  return leave();
}

export function proxy_on_request_body(context: u32, size: u32, last: u32): u32 {
  if (!isWaiting(context, 0)) return passFirst(context, last, 0);
  if (last == 0 && size <= 5) return passFirst(context, last, 1);
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
  const accepted = configure(root, size, L10_denies());
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

// wire/search/inbound/only-insiders
// Generated from only-insiders. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { hasHeader } from "proxy-wasm-as/assembly/actions/headers";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, allow, begin, judge, leave, runs, verdict } from "proxy-wasm-as/assembly/policy";

// "*"
@inline function L0_(): u64 { return bytes(memory.data<u8>([42]), 1); }
// "outsider"
@inline function L1_outsider(): u64 { return bytes(memory.data<u8>([111, 117, 116, 115, 105, 100, 101, 114]), 8); }
// "only-insiders\n"
@inline function L2_only_insiders(): u64 { return bytes(memory.data<u8>([111, 110, 108, 121, 45, 105, 110, 115, 105, 100, 101, 114, 115, 10]), 14); }

// only-insiders, policy.cup:22
function p0_only_insiders(): void {
  judge();
  if (!hasHeader(L1_outsider())) { // line 27
    allow(L0_(), L0_()); // line 27
  }
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_only_insiders();
  verdict();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L2_only_insiders());
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

// wire/search/outbound/answers-early
// Generated from answers-early. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { hasHeader } from "proxy-wasm-as/assembly/actions/headers";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, deny, leave, runs } from "proxy-wasm-as/assembly/policy";

// "who?"
@inline function L0_who(): u64 { return bytes(memory.data<u8>([119, 104, 111, 63]), 4); }
// "status"
@inline function L1_status(): u64 { return bytes(memory.data<u8>([115, 116, 97, 116, 117, 115]), 6); }
// "401"
@inline function L2_401(): u64 { return bytes(memory.data<u8>([52, 48, 49]), 3); }
// "answers-early\n"
@inline function L3_answers_early(): u64 { return bytes(memory.data<u8>([97, 110, 115, 119, 101, 114, 115, 45, 101, 97, 114, 108, 121, 10]), 14); }

// answers-early, policy.cup:14
function p0_answers_early(): void {
  if (hasHeader(L1_status(), L2_401())) { // line 19
    return deny(401, L0_who()); // line 19
  }
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_answers_early();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L3_answers_early());
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

// wire/search/outbound/tells
// Generated from tells. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getHeader, setHeader, setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { getStatus, isRequestStatus } from "proxy-wasm-as/assembly/actions/telemetry";
import { concat, orElse, toString } from "proxy-wasm-as/assembly/actions/text";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { isOwnAnswer } from "proxy-wasm-as/assembly/own-answer";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "saw"
@inline function L0_saw(): u64 { return bytes(memory.data<u8>([115, 97, 119]), 3); }
// " "
@inline function L1_(): u64 { return bytes(memory.data<u8>([32]), 1); }
// "grpc-status"
@inline function L2_grpc_status(): u64 { return bytes(memory.data<u8>([103, 114, 112, 99, 45, 115, 116, 97, 116, 117, 115]), 11); }
// "none"
@inline function L3_none(): u64 { return bytes(memory.data<u8>([110, 111, 110, 101]), 4); }
// "verdict"
@inline function L4_verdict(): u64 { return bytes(memory.data<u8>([118, 101, 114, 100, 105, 99, 116]), 7); }
// "failed"
@inline function L5_failed(): u64 { return bytes(memory.data<u8>([102, 97, 105, 108, 101, 100]), 6); }
// "fine"
@inline function L6_fine(): u64 { return bytes(memory.data<u8>([102, 105, 110, 101]), 4); }
// "tells\n"
@inline function L7_tells(): u64 { return bytes(memory.data<u8>([116, 101, 108, 108, 115, 10]), 6); }

// tells, policy.cup:30
function p0_tells(): void {
  setHeader(L0_saw(), concat(concat(toString(getStatus()), L1_()), orElse(getHeader(L2_grpc_status()), L3_none()))); // line 35
  if (isRequestStatus(true)) { // line 36
    setLiteral(L4_verdict(), L5_failed()); // line 36
  } else {
    setLiteral(L4_verdict(), L6_fine()); // line 37
  }
}

export function proxy_on_response_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 2);
  if (isOwnAnswer()) return leave();
  if (runs(0)) p0_tells();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L7_tells());
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
