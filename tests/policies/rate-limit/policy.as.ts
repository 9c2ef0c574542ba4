// wire/rate/inbound/rate-limit
// Generated from rate-limit. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { setHeader } from "proxy-wasm-as/assembly/actions/headers";
import { SLOT, getCount, increment, isGreaterThan, isTimeSince, resetCounter, resetTimer, state } from "proxy-wasm-as/assembly/actions/state";
import { toString } from "proxy-wasm-as/assembly/actions/text";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { parameterInt } from "proxy-wasm-as/assembly/parameters";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, deny, leave, runs } from "proxy-wasm-as/assembly/policy";

// "slow down"
@inline function L0_slow_down(): u64 { return bytes(memory.data<u8>([115, 108, 111, 119, 32, 100, 111, 119, 110]), 9); }
// "seen"
@inline function L1_seen(): u64 { return bytes(memory.data<u8>([115, 101, 101, 110]), 4); }
// "rate-limit\n"
@inline function L2_rate_limit(): u64 { return bytes(memory.data<u8>([114, 97, 116, 101, 45, 108, 105, 109, 105, 116, 10]), 11); }
// "rate-limit/counter:Counter"
@inline function L3_rate_limit_counter_count(): u64 { return bytes(memory.data<u8>([114, 97, 116, 101, 45, 108, 105, 109, 105, 116, 47, 99, 111, 117, 110, 116, 101, 114, 58, 67, 111, 117, 110, 116, 101, 114]), 26); }
// "rate-limit/timer:Timer"
@inline function L4_rate_limit_timer_timer(): u64 { return bytes(memory.data<u8>([114, 97, 116, 101, 45, 108, 105, 109, 105, 116, 47, 116, 105, 109, 101, 114, 58, 84, 105, 109, 101, 114]), 22); }

// rate-limit/counter
const S0: usize = memory.data(SLOT);
// rate-limit/timer
const S1: usize = memory.data(SLOT);

// rate-limit, policy.cup:1
function p0_rate_limit(): void {
  increment(S0, <i64>1); // line 8
  if (isTimeSince(S1, <i64>3600000000000)) { // line 9
    resetTimer(S1); // line 10
    resetCounter(S0); // line 11
  }
  if (isGreaterThan(S0, parameterInt(0, 0))) { // line 13
    return deny(429, L0_slow_down()); // line 13
  }
  setHeader(L1_seen(), toString(getCount(S0))); // line 14
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_rate_limit();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L2_rate_limit());
  state(S0, L3_rate_limit_counter_count());
  state(S1, L4_rate_limit_timer_timer());
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
