// wire/db/inbound/nobody-yet
// Generated from nobody-yet. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { CONNECTIONS, closeConnection, closeUnadmitted, connecting, established, forget, keep } from "proxy-wasm-as/assembly/actions/connection";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, runs } from "proxy-wasm-as/assembly/policy";

// "nobody-yet\n"
@inline function L0_nobody_yet(): u64 { return bytes(memory.data<u8>([110, 111, 98, 111, 100, 121, 45, 121, 101, 116, 10]), 11); }

// connections
const C0: usize = memory.data(CONNECTIONS * 8);

// nobody-yet, policy.cup:1
function p0_nobody_yet(): void {
  return closeConnection(); // line 7
}

export function proxy_on_new_connection(context: u32): u32 {
  connecting(context);
  if (runs(0)) p0_nobody_yet();
  return established();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L0_nobody_yet());
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
