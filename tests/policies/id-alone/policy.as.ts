// wire/batch/inbound/stamp
// wire/frontend/inbound/stamp
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

// wire/geo/outbound/hot_path
// Generated from hot_path. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { askPaths } from "proxy-wasm-as/assembly/on-path";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "critical"
@inline function L0_critical(): u64 { return bytes(memory.data<u8>([99, 114, 105, 116, 105, 99, 97, 108]), 8); }
// "true"
@inline function L1_true(): u64 { return bytes(memory.data<u8>([116, 114, 117, 101]), 4); }
// "hot_path\n"
@inline function L2_hot_path(): u64 { return bytes(memory.data<u8>([104, 111, 116, 95, 112, 97, 116, 104, 10]), 9); }

// hot_path, policy.cup:1
function p0_hot_path(): void {
  setLiteral(L0_critical(), L1_true()); // line 5
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_hot_path();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L2_hot_path());
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

// wire/search/inbound/stamp
// Stamps requests as they come in, and notes their states by their ids.
import "proxy-wasm-as/assembly/abort";
import { stampAndNote, takeBack } from "proxy-wasm-as/assembly/join";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate } from "proxy-wasm-as/assembly/policy";

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  return stampAndNote(context);
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
  takeBack(context);
  deleted(context);
}

export function proxy_on_memory_allocate(size: usize): usize {
  return allocate(size);
}

export function proxy_abi_version_0_2_1(): void {}

// wire/search/outbound/stamp
// Gives requests the states of those that have led to them, by their ids.
import "proxy-wasm-as/assembly/abort";
import { giveBack } from "proxy-wasm-as/assembly/join";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate } from "proxy-wasm-as/assembly/policy";

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  return giveBack(context, false);
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
