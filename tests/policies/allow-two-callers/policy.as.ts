// wire/rate/inbound/allow-1-search+allow-3-profile
// Generated from allow-1-search, allow-3-profile. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, allow, begin, judge, leave, runs, verdict } from "proxy-wasm-as/assembly/policy";

// "search"
@inline function L0_search(): u64 { return bytes(memory.data<u8>([115, 101, 97, 114, 99, 104]), 6); }
// "rate"
@inline function L1_rate(): u64 { return bytes(memory.data<u8>([114, 97, 116, 101]), 4); }
// "profile"
@inline function L2_profile(): u64 { return bytes(memory.data<u8>([112, 114, 111, 102, 105, 108, 101]), 7); }
// "allow-1-search\nallow-3-profile\n"
@inline function L3_allow_1_search_allow_3_p(): u64 { return bytes(memory.data<u8>([97, 108, 108, 111, 119, 45, 49, 45, 115, 101, 97, 114, 99, 104, 10, 97, 108, 108, 111, 119, 45, 51, 45, 112, 114, 111, 102, 105, 108, 101, 10]), 31); }

// allow-1-search, policy.cup:1
function p0_allow_1_search(): void {
  judge();
  allow(L0_search(), L1_rate()); // line 6
}

// allow-3-profile, policy.cup:17
function p1_allow_3_profile(): void {
  judge();
  allow(L2_profile(), L1_rate()); // line 22
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_allow_1_search();
  if (runs(1)) p1_allow_3_profile();
  verdict();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L3_allow_1_search_allow_3_p());
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

// wire/rate/inbound/allow-2-mark
// Generated from allow-2-mark. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "marked"
@inline function L0_marked(): u64 { return bytes(memory.data<u8>([109, 97, 114, 107, 101, 100]), 6); }
// "yes"
@inline function L1_yes(): u64 { return bytes(memory.data<u8>([121, 101, 115]), 3); }
// "allow-2-mark\n"
@inline function L2_allow_2_mark(): u64 { return bytes(memory.data<u8>([97, 108, 108, 111, 119, 45, 50, 45, 109, 97, 114, 107, 10]), 13); }

// allow-2-mark, policy.cup:9
function p0_allow_2_mark(): void {
  setLiteral(L0_marked(), L1_yes()); // line 14
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_allow_2_mark();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L2_allow_2_mark());
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
