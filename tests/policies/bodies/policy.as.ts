// wire/rate/inbound/bodies
// Generated from bodies. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { bodyContains, getBodySize, getJsonField } from "proxy-wasm-as/assembly/actions/body";
import { setHeader } from "proxy-wasm-as/assembly/actions/headers";
import { orElse, toString } from "proxy-wasm-as/assembly/actions/text";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { endFirst, holdFirst, letFirstGo, passEndOfFirst, passFirst } from "proxy-wasm-as/assembly/first-piece";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, audits, begin, deny, leave, runs } from "proxy-wasm-as/assembly/policy";
import { isWaiting, refuse, resume, wait } from "proxy-wasm-as/assembly/waiting";

// "size"
@inline function L0_size(): u64 { return bytes(memory.data<u8>([115, 105, 122, 101]), 4); }
// "no scripts"
@inline function L1_no_scripts(): u64 { return bytes(memory.data<u8>([110, 111, 32, 115, 99, 114, 105, 112, 116, 115]), 10); }
// "<script"
@inline function L2__script(): u64 { return bytes(memory.data<u8>([60, 115, 99, 114, 105, 112, 116]), 7); }
// "user"
@inline function L3_user(): u64 { return bytes(memory.data<u8>([117, 115, 101, 114]), 4); }
// "user.name"
@inline function L4_user_name(): u64 { return bytes(memory.data<u8>([117, 115, 101, 114, 46, 110, 97, 109, 101]), 9); }
// "nobody"
@inline function L5_nobody(): u64 { return bytes(memory.data<u8>([110, 111, 98, 111, 100, 121]), 6); }
// "second"
@inline function L6_second(): u64 { return bytes(memory.data<u8>([115, 101, 99, 111, 110, 100]), 6); }
// "list.1"
@inline function L7_list_1(): u64 { return bytes(memory.data<u8>([108, 105, 115, 116, 46, 49]), 6); }
// "none"
@inline function L8_none(): u64 { return bytes(memory.data<u8>([110, 111, 110, 101]), 4); }
// "bodies\n"
@inline function L9_bodies(): u64 { return bytes(memory.data<u8>([98, 111, 100, 105, 101, 115, 10]), 7); }

// bodies, policy.cup:1
function p0_bodies(): void {
  setHeader(L0_size(), toString(getBodySize(1000))); // line 6
  if (bodyContains(L2__script(), 1000)) { // line 7
    return deny(400, L1_no_scripts()); // line 7
  }
  setHeader(L3_user(), orElse(getJsonField(L4_user_name(), 1000), L5_nobody())); // line 8
  setHeader(L6_second(), orElse(getJsonField(L7_list_1(), 1000), L8_none())); // line 9
}

function requestPolicies(): void {
  if (runs(0)) p0_bodies();
}

export function proxy_on_request_headers(context: u32, _headers: u32, last: u32): u32 {
  begin(context, 0);
  if (last == 0 && runs(0) && (wait() || (runs(0) && !audits() && refuse()))) return holdFirst(context, 1);
  requestPolicies();
  return leave();
}

export function proxy_on_request_body(context: u32, size: u32, last: u32): u32 {
  if (!isWaiting(context, 0)) return passFirst(context, last, 0);
  if (last == 0 && size <= 1000) return passFirst(context, last, 1);
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
  const accepted = configure(root, size, L9_bodies());
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

// wire/rate/inbound/more
// Generated from more. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getHeader, setHeader } from "proxy-wasm-as/assembly/actions/headers";
import { orElse } from "proxy-wasm-as/assembly/actions/text";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "after"
@inline function L0_after(): u64 { return bytes(memory.data<u8>([97, 102, 116, 101, 114]), 5); }
// "size"
@inline function L1_size(): u64 { return bytes(memory.data<u8>([115, 105, 122, 101]), 4); }
// ""
@inline function L2(): u64 { return bytes(0, 0); }
// "more\n"
@inline function L3_more(): u64 { return bytes(memory.data<u8>([109, 111, 114, 101, 10]), 5); }

// more, policy.cup:12
function p0_more(): void {
  setHeader(L0_after(), orElse(getHeader(L1_size()), L2())); // line 17
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_more();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L3_more());
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
