// wire/db/inbound/db-bytes
// Generated from db-bytes. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getCaller } from "proxy-wasm-as/assembly/actions/access";
import { CONNECTIONS, addBytes, byteCounter, closeUnadmitted, connecting, countBytes, countedAt, established, forget, keep } from "proxy-wasm-as/assembly/actions/connection";
import { count, histogram, log } from "proxy-wasm-as/assembly/actions/telemetry";
import { bytes, equal } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, runs } from "proxy-wasm-as/assembly/policy";

// "db"
@inline function L0_db(): u64 { return bytes(memory.data<u8>([100, 98]), 2); }
// "db_web"
@inline function L1_db_web(): u64 { return bytes(memory.data<u8>([100, 98, 95, 119, 101, 98]), 6); }
// "web_connections"
@inline function L2_web_connections(): u64 { return bytes(memory.data<u8>([119, 101, 98, 95, 99, 111, 110, 110, 101, 99, 116, 105, 111, 110, 115]), 15); }
// "web_connections_at_once"
@inline function L3_web_connections_at_once(): u64 { return bytes(memory.data<u8>([119, 101, 98, 95, 99, 111, 110, 110, 101, 99, 116, 105, 111, 110, 115, 95, 97, 116, 95, 111, 110, 99, 101]), 23); }
// "web connects to the database"
@inline function L4_web_connects_to_the_data(): u64 { return bytes(memory.data<u8>([119, 101, 98, 32, 99, 111, 110, 110, 101, 99, 116, 115, 32, 116, 111, 32, 116, 104, 101, 32, 100, 97, 116, 97, 98, 97, 115, 101]), 28); }
// "web"
@inline function L5_web(): u64 { return bytes(memory.data<u8>([119, 101, 98]), 3); }
// "db-bytes\n"
@inline function L6_db_bytes(): u64 { return bytes(memory.data<u8>([100, 98, 45, 98, 121, 116, 101, 115, 10]), 9); }

// Count web_connections
const M0: usize = memory.data(4);
// Histogram web_connections_at_once
const M1: usize = memory.data(4);
// connections
const C0: usize = memory.data(CONNECTIONS * 12);

// db-bytes, policy.cup:1
function p0_db_bytes(): void {
  countBytes(0); // line 5
  if (equal(getCaller(), L5_web())) { // line 6
    countBytes(1); // line 7
    countBytes(2); // line 9
    count(M0, L2_web_connections(), <i64>1); // line 10
    histogram(M1, L3_web_connections_at_once(), <i64>1); // line 11
    log(L4_web_connects_to_the_data(), 1); // line 12
  }
}

let received0: u32 = 0;
let sent0: u32 = 0;
let received1: u32 = 0;
let sent1: u32 = 0;
let received2: u32 = 0;
let sent2: u32 = 0;

export function proxy_on_new_connection(context: u32): u32 {
  connecting(context);
  if (runs(0)) p0_db_bytes();
  return established();
}

export function proxy_on_downstream_data(context: u32, size: u32, _end: u32): u32 {
  const counted = countedAt(context);
  addBytes(counted, 0, received0, size);
  addBytes(counted, 1, received1, size);
  addBytes(counted, 2, received2, size);
  return 0;
}

export function proxy_on_upstream_data(context: u32, size: u32, _end: u32): u32 {
  const counted = countedAt(context);
  addBytes(counted, 0, sent0, size);
  addBytes(counted, 1, sent1, size);
  addBytes(counted, 2, sent2, size);
  return 0;
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L6_db_bytes());
  keep(C0, 12);
  received0 = byteCounter(L0_db(), true);
  sent0 = byteCounter(L0_db(), false);
  received1 = byteCounter(L1_db_web(), true);
  sent1 = byteCounter(L1_db_web(), false);
  received2 = byteCounter(L1_db_web(), true);
  sent2 = byteCounter(L1_db_web(), false);
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
