// wire/frontend/inbound/stamp
// wire/rate/inbound@v1/stamp
// wire/rate/inbound@v2/stamp
// Stamps requests as they come in.
import "proxy-wasm-as/assembly/abort";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate } from "proxy-wasm-as/assembly/policy";
import { stamp } from "proxy-wasm-as/assembly/stamp";

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  return stamp(context, false, false);
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, 0);
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

// wire/rate/outbound/beta
// Generated from beta. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { askPaths } from "proxy-wasm-as/assembly/on-path";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "beta"
@inline function L0_beta(): u64 { return bytes(memory.data<u8>([98, 101, 116, 97]), 4); }
// "yes"
@inline function L1_yes(): u64 { return bytes(memory.data<u8>([121, 101, 115]), 3); }
// "beta\n"
@inline function L2_beta(): u64 { return bytes(memory.data<u8>([98, 101, 116, 97, 10]), 5); }

// beta, policy.cup:1
function p0_beta(): void {
  setLiteral(L0_beta(), L1_yes()); // line 5
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_beta();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L2_beta());
  askPaths();
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
