// wire/rate/inbound/b-high+a-low
// Generated from b-high, a-low. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "winner"
@inline function L0_winner(): u64 { return bytes(memory.data<u8>([119, 105, 110, 110, 101, 114]), 6); }
// "high"
@inline function L1_high(): u64 { return bytes(memory.data<u8>([104, 105, 103, 104]), 4); }
// "low"
@inline function L2_low(): u64 { return bytes(memory.data<u8>([108, 111, 119]), 3); }
// "b-high\na-low\n"
@inline function L3_b_high_a_low(): u64 { return bytes(memory.data<u8>([98, 45, 104, 105, 103, 104, 10, 97, 45, 108, 111, 119, 10]), 13); }

// b-high, policy.cup:9
function p0_b_high(): void {
  setLiteral(L0_winner(), L1_high()); // line 15
}

// a-low, policy.cup:1
function p1_a_low(): void {
  setLiteral(L0_winner(), L2_low()); // line 6
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_b_high();
  if (runs(1)) p1_a_low();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L3_b_high_a_low());
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
