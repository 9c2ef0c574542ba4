// wire/geo/inbound/hot_path
// wire/rate/inbound/hot_path
// Generated from hot_path. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { SLOT, increment, isGreaterThan, isTimeSince, resetCounter, resetTimer, state } from "proxy-wasm-as/assembly/actions/state";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, deny, leave, runs } from "proxy-wasm-as/assembly/policy";

// "critical"
@inline function L0_critical(): u64 { return bytes(memory.data<u8>([99, 114, 105, 116, 105, 99, 97, 108]), 8); }
// "true"
@inline function L1_true(): u64 { return bytes(memory.data<u8>([116, 114, 117, 101]), 4); }
// ""
@inline function L2(): u64 { return bytes(0, 0); }
// "hot_path\n"
@inline function L3_hot_path(): u64 { return bytes(memory.data<u8>([104, 111, 116, 95, 112, 97, 116, 104, 10]), 9); }
// "hot_path/counter:Counter"
@inline function L4_hot_path_counter_counter(): u64 { return bytes(memory.data<u8>([104, 111, 116, 95, 112, 97, 116, 104, 47, 99, 111, 117, 110, 116, 101, 114, 58, 67, 111, 117, 110, 116, 101, 114]), 24); }
// "hot_path/timer:Timer"
@inline function L5_hot_path_timer_timer(): u64 { return bytes(memory.data<u8>([104, 111, 116, 95, 112, 97, 116, 104, 47, 116, 105, 109, 101, 114, 58, 84, 105, 109, 101, 114]), 20); }

// hot_path/counter
const S0: usize = memory.data(SLOT);
// hot_path/timer
const S1: usize = memory.data(SLOT);

// hot_path, policy.cup:3
function p0_hot_path(): void {
  increment(S0, <i64>1); // line 9
  setLiteral(L0_critical(), L1_true()); // line 10
  if (isTimeSince(S1, <i64>60000000000)) { // line 11
    if (isGreaterThan(S0, <i64>1000)) { // line 12
      return deny(403, L2()); // line 12
    }
    resetCounter(S0); // line 13
    resetTimer(S1); // line 14
  }
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_hot_path();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L3_hot_path());
  state(S0, L4_hot_path_counter_counter());
  state(S1, L5_hot_path_timer_timer());
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

// wire/search/outbound/canary
// Generated from canary. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getHeader } from "proxy-wasm-as/assembly/actions/headers";
import { routeToVersion } from "proxy-wasm-as/assembly/actions/routing";
import { bytes, equal } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, applyRoute, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "rate"
@inline function L0_rate(): u64 { return bytes(memory.data<u8>([114, 97, 116, 101]), 4); }
// "v2"
@inline function L1_v2(): u64 { return bytes(memory.data<u8>([118, 50]), 2); }
// "x-canary"
@inline function L2_x_canary(): u64 { return bytes(memory.data<u8>([120, 45, 99, 97, 110, 97, 114, 121]), 8); }
// "true"
@inline function L3_true(): u64 { return bytes(memory.data<u8>([116, 114, 117, 101]), 4); }
// "canary\n"
@inline function L4_canary(): u64 { return bytes(memory.data<u8>([99, 97, 110, 97, 114, 121, 10]), 7); }

// canary, policy.cup:18
function p0_canary(): void {
  if (equal(getHeader(L2_x_canary()), L3_true())) { // line 23
    routeToVersion(L0_rate(), L1_v2()); // line 23
  }
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_canary();
  applyRoute();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L4_canary());
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
