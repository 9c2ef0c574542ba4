// wire/db/inbound/a-allow+b-deny
// Generated from a-allow, b-deny. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getCaller } from "proxy-wasm-as/assembly/actions/access";
import { CONNECTIONS, closeConnection, closeUnadmitted, connecting, established, forget, keep, verdict } from "proxy-wasm-as/assembly/actions/connection";
import { count } from "proxy-wasm-as/assembly/actions/telemetry";
import { bytes, equal } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, allow, judge, runs } from "proxy-wasm-as/assembly/policy";

// "web"
@inline function L0_web(): u64 { return bytes(memory.data<u8>([119, 101, 98]), 3); }
// "db"
@inline function L1_db(): u64 { return bytes(memory.data<u8>([100, 98]), 2); }
// "api"
@inline function L2_api(): u64 { return bytes(memory.data<u8>([97, 112, 105]), 3); }
// "admitted"
@inline function L3_admitted(): u64 { return bytes(memory.data<u8>([97, 100, 109, 105, 116, 116, 101, 100]), 8); }
// "a-allow\nb-deny\n"
@inline function L4_a_allow_b_deny(): u64 { return bytes(memory.data<u8>([97, 45, 97, 108, 108, 111, 119, 10, 98, 45, 100, 101, 110, 121, 10]), 15); }

// Count admitted
const M0: usize = memory.data(4);
// connections
const C0: usize = memory.data(CONNECTIONS * 8);

// a-allow, policy.cup:1
function p0_a_allow(): void {
  judge();
  allow(L0_web(), L1_db()); // line 6
  allow(L2_api(), L1_db()); // line 7
}

// b-deny, policy.cup:10
function p1_b_deny(): void {
  count(M0, L3_admitted(), <i64>1); // line 15
  if (equal(getCaller(), L2_api())) { // line 16
    return closeConnection(); // line 16
  }
}

export function proxy_on_new_connection(context: u32): u32 {
  connecting(context);
  if (runs(0)) p0_a_allow();
  verdict();
  if (runs(1)) p1_b_deny();
  return established();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L4_a_allow_b_deny());
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
