// wire/rate/inbound/a-search+z-profile
// Generated from a-search, z-profile. Edit the policies instead.
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
// "a-search\nz-profile\n"
@inline function L3_a_search_z_profile(): u64 { return bytes(memory.data<u8>([97, 45, 115, 101, 97, 114, 99, 104, 10, 122, 45, 112, 114, 111, 102, 105, 108, 101, 10]), 19); }

// a-search, allows.cup:1
function p0_a_search(): void {
  judge();
  allow(L0_search(), L1_rate()); // line 6
}

// z-profile, allows.cup:9
function p1_z_profile(): void {
  judge();
  allow(L2_profile(), L1_rate()); // line 14
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_a_search();
  if (runs(1)) p1_z_profile();
  verdict();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L3_a_search_z_profile());
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

// wire/rate/inbound/m_filter
// runs the filter code as it is written.
