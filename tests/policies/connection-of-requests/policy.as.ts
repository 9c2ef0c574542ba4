// wire/web/outbound/web-calls-nobody
// Generated from web-calls-nobody. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, deny, leave, runs } from "proxy-wasm-as/assembly/policy";

// "web-calls-nobody\n"
@inline function L0_web_calls_nobody(): u64 { return bytes(memory.data<u8>([119, 101, 98, 45, 99, 97, 108, 108, 115, 45, 110, 111, 98, 111, 100, 121, 10]), 17); }

// web-calls-nobody, policy.cup:1
function p0_web_calls_nobody(): void {
  return deny(403, 0); // line 6
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_web_calls_nobody();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L0_web_calls_nobody());
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

// wire/web/outbound/db/web-calls-nobody
// Generated from web-calls-nobody. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { CONNECTIONS, closeConnection, closeUnadmitted, connecting, established, forget, keep } from "proxy-wasm-as/assembly/actions/connection";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, runs } from "proxy-wasm-as/assembly/policy";

// "web-calls-nobody\n"
@inline function L0_web_calls_nobody(): u64 { return bytes(memory.data<u8>([119, 101, 98, 45, 99, 97, 108, 108, 115, 45, 110, 111, 98, 111, 100, 121, 10]), 17); }

// connections
const C0: usize = memory.data(CONNECTIONS * 8);

// web-calls-nobody, policy.cup:1
function p0_web_calls_nobody(): void {
  return closeConnection(); // line 6
}

export function proxy_on_new_connection(context: u32): u32 {
  connecting(context);
  if (runs(0)) p0_web_calls_nobody();
  return established();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L0_web_calls_nobody());
  keep(C0, 8);
  if (accepted) closeUnadmitted(root);
  __collect();
  return accepted;
}

export function proxy_on_context_create(context: u32, parent: u32): void {
  created(context, parent);
}

export function proxy_on_delete(context: u32): void {
  forget(context);
  deleted(context);
}

export function proxy_on_memory_allocate(size: usize): usize {
  return allocate(size);
}

export function proxy_abi_version_0_2_1(): void {}
