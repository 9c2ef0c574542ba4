// wire/api/outbound/db/no-jobs
// wire/job/outbound/db/no-jobs
// Generated from no-jobs. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getCallee, getCaller } from "proxy-wasm-as/assembly/actions/access";
import { CONNECTIONS, closeConnection, closeUnadmitted, connecting, established, forget, keep } from "proxy-wasm-as/assembly/actions/connection";
import { bytes, equal } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, runs } from "proxy-wasm-as/assembly/policy";

// "job"
@inline function L0_job(): u64 { return bytes(memory.data<u8>([106, 111, 98]), 3); }
// "db"
@inline function L1_db(): u64 { return bytes(memory.data<u8>([100, 98]), 2); }
// "no-jobs\n"
@inline function L2_no_jobs(): u64 { return bytes(memory.data<u8>([110, 111, 45, 106, 111, 98, 115, 10]), 8); }

// connections
const C0: usize = memory.data(CONNECTIONS * 8);

// no-jobs, policy.cup:1
function p0_no_jobs(): void {
  if (equal(getCaller(), L0_job()) && equal(getCallee(), L1_db())) { // line 6
    return closeConnection(); // line 7
  }
}

export function proxy_on_new_connection(context: u32): u32 {
  connecting(context);
  if (runs(0)) p0_no_jobs();
  return established();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L2_no_jobs());
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
