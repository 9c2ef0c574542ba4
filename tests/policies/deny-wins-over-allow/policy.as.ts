// wire/rate/inbound/a-allow+b-deny
// Generated from a-allow, b-deny. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getHeader } from "proxy-wasm-as/assembly/actions/headers";
import { bytes, equal } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, allow, begin, deny, judge, leave, runs, verdict } from "proxy-wasm-as/assembly/policy";

// "search"
@inline function L0_search(): u64 { return bytes(memory.data<u8>([115, 101, 97, 114, 99, 104]), 6); }
// "rate"
@inline function L1_rate(): u64 { return bytes(memory.data<u8>([114, 97, 116, 101]), 4); }
// "gone"
@inline function L2_gone(): u64 { return bytes(memory.data<u8>([103, 111, 110, 101]), 4); }
// "banned"
@inline function L3_banned(): u64 { return bytes(memory.data<u8>([98, 97, 110, 110, 101, 100]), 6); }
// "1"
@inline function L4_1(): u64 { return bytes(memory.data<u8>([49]), 1); }
// "a-allow\nb-deny\n"
@inline function L5_a_allow_b_deny(): u64 { return bytes(memory.data<u8>([97, 45, 97, 108, 108, 111, 119, 10, 98, 45, 100, 101, 110, 121, 10]), 15); }

// a-allow, policy.cup:1
function p0_a_allow(): void {
  judge();
  allow(L0_search(), L1_rate()); // line 6
}

// b-deny, policy.cup:9
function p1_b_deny(): void {
  if (equal(getHeader(L3_banned()), L4_1())) { // line 14
    return deny(451, L2_gone()); // line 15
  }
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_a_allow();
  verdict();
  if (runs(1)) p1_b_deny();
  verdict();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L5_a_allow_b_deny());
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
