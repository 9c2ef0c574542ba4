// wire/rate/inbound/there
// Generated from there. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getHost, isHost } from "proxy-wasm-as/assembly/actions/access";
import { setHeader } from "proxy-wasm-as/assembly/actions/headers";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, deny, leave, runs } from "proxy-wasm-as/assembly/policy";

// ""
@inline function L0(): u64 { return bytes(0, 0); }
// ":authority"
@inline function L1__authority(): u64 { return bytes(memory.data<u8>([58, 97, 117, 116, 104, 111, 114, 105, 116, 121]), 10); }
// "rate"
@inline function L2_rate(): u64 { return bytes(memory.data<u8>([114, 97, 116, 101]), 4); }
// "x-there"
@inline function L3_x_there(): u64 { return bytes(memory.data<u8>([120, 45, 116, 104, 101, 114, 101]), 7); }
// "there\n"
@inline function L4_there(): u64 { return bytes(memory.data<u8>([116, 104, 101, 114, 101, 10]), 6); }

// there, policy.cup:25
function p0_there(): void {
  if (isHost(L2_rate())) { // line 31
    return deny(403, L0()); // line 31
  }
  setHeader(L3_x_there(), getHost()); // line 32
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_there();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L4_there());
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

// wire/search/outbound/elsewhere+here
// Generated from elsewhere, here. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getHost, getPath, givenHost, isHost } from "proxy-wasm-as/assembly/actions/access";
import { setHeader } from "proxy-wasm-as/assembly/actions/headers";
import { rewriteHost, rewritePath, routeToVersion } from "proxy-wasm-as/assembly/actions/routing";
import { concat } from "proxy-wasm-as/assembly/actions/text";
import { bytes, equal } from "proxy-wasm-as/assembly/bytes";
import { edition } from "proxy-wasm-as/assembly/pairs";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, applyRoute, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "search"
@inline function L0_search(): u64 { return bytes(memory.data<u8>([115, 101, 97, 114, 99, 104]), 6); }
// "/v2"
@inline function L1__v2(): u64 { return bytes(memory.data<u8>([47, 118, 50]), 3); }
// "rate"
@inline function L2_rate(): u64 { return bytes(memory.data<u8>([114, 97, 116, 101]), 4); }
// "v2"
@inline function L3_v2(): u64 { return bytes(memory.data<u8>([118, 50]), 2); }
// "x-path"
@inline function L4_x_path(): u64 { return bytes(memory.data<u8>([120, 45, 112, 97, 116, 104]), 6); }
// "x-host"
@inline function L5_x_host(): u64 { return bytes(memory.data<u8>([120, 45, 104, 111, 115, 116]), 6); }
// "x-here"
@inline function L6_x_here(): u64 { return bytes(memory.data<u8>([120, 45, 104, 101, 114, 101]), 6); }
// ":authority"
@inline function L7__authority(): u64 { return bytes(memory.data<u8>([58, 97, 117, 116, 104, 111, 114, 105, 116, 121]), 10); }
// "elsewhere\nhere\n"
@inline function L8_elsewhere_here(): u64 { return bytes(memory.data<u8>([101, 108, 115, 101, 119, 104, 101, 114, 101, 10, 104, 101, 114, 101, 10]), 15); }

// GetPath
let R0_value: u64 = 0;
let R0_edition: u32 = 0;
function R0(): u64 {
  if (R0_edition != edition) {
    R0_value = getPath();
    R0_edition = edition;
  }
  return R0_value;
}

// GetHost
let R1_value: u64 = 0;
let R1_edition: u32 = 0;
function R1(): u64 {
  if (R1_edition != edition) {
    R1_value = getHost();
    R1_edition = edition;
  }
  return R1_value;
}

// elsewhere, policy.cup:1
function p0_elsewhere(): void {
  rewriteHost(L0_search()); // line 6
  rewritePath(concat(L1__v2(), R0())); // line 7
  routeToVersion(L2_rate(), L3_v2()); // line 8
  setHeader(L4_x_path(), R0()); // line 9
  setHeader(L5_x_host(), R1()); // line 10
}

// here, policy.cup:14
function p1_here(): void {
  if (equal(givenHost(), L0_search()) && isHost(L0_search())) { // line 20
    setHeader(L6_x_here(), R1()); // line 21
  }
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_elsewhere();
  if (runs(1)) p1_here();
  applyRoute();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L8_elsewhere_here());
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
