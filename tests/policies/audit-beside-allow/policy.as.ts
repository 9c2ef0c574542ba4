// wire/frontend/outbound/would-refuse
// Generated from would-refuse. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, allow, begin, judge, leave, runs, verdict } from "proxy-wasm-as/assembly/policy";

// "search"
@inline function L0_search(): u64 { return bytes(memory.data<u8>([115, 101, 97, 114, 99, 104]), 6); }
// "would-refuse\n"
@inline function L1_would_refuse(): u64 { return bytes(memory.data<u8>([119, 111, 117, 108, 100, 45, 114, 101, 102, 117, 115, 101, 10]), 13); }

// would-refuse, policy.cup:1
function p0_would_refuse(): void {
  judge();
  allow(L0_search(), L0_search()); // line 7
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_would_refuse();
  verdict();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L1_would_refuse());
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

// wire/search/inbound/admits
// Generated from admits. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, allow, begin, judge, leave, runs, verdict } from "proxy-wasm-as/assembly/policy";

// "frontend"
@inline function L0_frontend(): u64 { return bytes(memory.data<u8>([102, 114, 111, 110, 116, 101, 110, 100]), 8); }
// "search"
@inline function L1_search(): u64 { return bytes(memory.data<u8>([115, 101, 97, 114, 99, 104]), 6); }
// "admits\n"
@inline function L2_admits(): u64 { return bytes(memory.data<u8>([97, 100, 109, 105, 116, 115, 10]), 7); }

// admits, policy.cup:10
function p0_admits(): void {
  judge();
  allow(L0_frontend(), L1_search()); // line 15
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_admits();
  verdict();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L2_admits());
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
