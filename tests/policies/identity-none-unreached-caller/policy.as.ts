// wire/search/inbound/tag
// Generated from tag. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "from"
@inline function L0_from(): u64 { return bytes(memory.data<u8>([102, 114, 111, 109]), 4); }
// "frontend"
@inline function L1_frontend(): u64 { return bytes(memory.data<u8>([102, 114, 111, 110, 116, 101, 110, 100]), 8); }
// "tag\n"
@inline function L2_tag(): u64 { return bytes(memory.data<u8>([116, 97, 103, 10]), 4); }

// tag, policy.cup:1
function p0_tag(): void {
  setLiteral(L0_from(), L1_frontend()); // line 6
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_tag();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L2_tag());
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
