// wire/search/outbound/elsewhere
// Generated from elsewhere. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getPath } from "proxy-wasm-as/assembly/actions/access";
import { setHeader } from "proxy-wasm-as/assembly/actions/headers";
import { rewriteHost, rewritePath, routeToVersion } from "proxy-wasm-as/assembly/actions/routing";
import { concat } from "proxy-wasm-as/assembly/actions/text";
import { bytes } from "proxy-wasm-as/assembly/bytes";
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
// "elsewhere\n"
@inline function L5_elsewhere(): u64 { return bytes(memory.data<u8>([101, 108, 115, 101, 119, 104, 101, 114, 101, 10]), 10); }

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

// elsewhere, policy.cup:1
function p0_elsewhere(): void {
  rewriteHost(L0_search()); // line 6
  rewritePath(concat(L1__v2(), R0())); // line 7
  routeToVersion(L2_rate(), L3_v2()); // line 8
  setHeader(L4_x_path(), R0()); // line 9
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_elsewhere();
  applyRoute();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L5_elsewhere());
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
