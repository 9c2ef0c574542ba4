// wire/search/outbound/closed
// Generated from closed. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, deny, leave, runs } from "proxy-wasm-as/assembly/policy";

// ""
@inline function L0(): u64 { return bytes(0, 0); }
// "closed\n"
@inline function L1_closed(): u64 { return bytes(memory.data<u8>([99, 108, 111, 115, 101, 100, 10]), 7); }

// closed, policy.cup:1
function p0_closed(): void {
  return deny(403, L0()); // line 6
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_closed();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L1_closed());
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
