// wire/db/inbound/db-guard
// Generated from db-guard. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { CONNECTIONS, closeUnadmitted, connecting, established, forget, keep } from "proxy-wasm-as/assembly/actions/connection";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, allow, judge, runs } from "proxy-wasm-as/assembly/policy";

// "web"
@inline function L0_web(): u64 { return bytes(memory.data<u8>([119, 101, 98]), 3); }
// "db"
@inline function L1_db(): u64 { return bytes(memory.data<u8>([100, 98]), 2); }
// "api"
@inline function L2_api(): u64 { return bytes(memory.data<u8>([97, 112, 105]), 3); }
// "db-guard\n"
@inline function L3_db_guard(): u64 { return bytes(memory.data<u8>([100, 98, 45, 103, 117, 97, 114, 100, 10]), 9); }

// connections
const C0: usize = memory.data(CONNECTIONS * 8);

// db-guard, policy.cup:1
function p0_db_guard(): void {
  judge();
  allow(L0_web(), L1_db()); // line 6
  allow(L2_api(), L1_db()); // line 7
}

export function proxy_on_new_connection(context: u32): u32 {
  connecting(context);
  if (runs(0)) p0_db_guard();
  return established();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L3_db_guard());
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
