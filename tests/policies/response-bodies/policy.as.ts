// wire/search/outbound/response-bodies
// Generated from response-bodies. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { bodyContains, getBodySize, getJsonField } from "proxy-wasm-as/assembly/actions/body";
import { setHeader, setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { orElse, toString } from "proxy-wasm-as/assembly/actions/text";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { isOwnAnswer } from "proxy-wasm-as/assembly/own-answer";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";
import { isWaiting, resume, wait } from "proxy-wasm-as/assembly/waiting";

// "size"
@inline function L0_size(): u64 { return bytes(memory.data<u8>([115, 105, 122, 101]), 4); }
// "leak"
@inline function L1_leak(): u64 { return bytes(memory.data<u8>([108, 101, 97, 107]), 4); }
// "yes"
@inline function L2_yes(): u64 { return bytes(memory.data<u8>([121, 101, 115]), 3); }
// "stack trace"
@inline function L3_stack_trace(): u64 { return bytes(memory.data<u8>([115, 116, 97, 99, 107, 32, 116, 114, 97, 99, 101]), 11); }
// "code"
@inline function L4_code(): u64 { return bytes(memory.data<u8>([99, 111, 100, 101]), 4); }
// "error.code"
@inline function L5_error_code(): u64 { return bytes(memory.data<u8>([101, 114, 114, 111, 114, 46, 99, 111, 100, 101]), 10); }
// "none"
@inline function L6_none(): u64 { return bytes(memory.data<u8>([110, 111, 110, 101]), 4); }
// "response-bodies\n"
@inline function L7_response_bodies(): u64 { return bytes(memory.data<u8>([114, 101, 115, 112, 111, 110, 115, 101, 45, 98, 111, 100, 105, 101, 115, 10]), 16); }

// response-bodies, policy.cup:1
function p0_response_bodies(): void {
  setHeader(L0_size(), toString(getBodySize(100))); // line 6
  if (bodyContains(L3_stack_trace(), 100)) { // line 7
    setLiteral(L1_leak(), L2_yes()); // line 7
  }
  setHeader(L4_code(), orElse(getJsonField(L5_error_code(), 100), L6_none())); // line 8
}

function responsePolicies(): void {
  if (runs(0)) p0_response_bodies();
}

export function proxy_on_response_headers(context: u32, _headers: u32, last: u32): u32 {
  begin(context, 2);
  if (isOwnAnswer()) return leave();
  if (last == 0 && (runs(0)) && wait()) return 1;
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
  const accepted = configure(root, size, L7_response_bodies());
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
