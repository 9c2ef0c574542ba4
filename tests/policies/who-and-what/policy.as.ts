// wire/rate/inbound/who-and-what
// Generated from who-and-what. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getCallee, getCaller, getHost, getMethod, getPath, getQuery, givenHost, isHost } from "proxy-wasm-as/assembly/actions/access";
import { setHeader, setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { orElse } from "proxy-wasm-as/assembly/actions/text";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "caller"
@inline function L0_caller(): u64 { return bytes(memory.data<u8>([99, 97, 108, 108, 101, 114]), 6); }
// "unknown"
@inline function L1_unknown(): u64 { return bytes(memory.data<u8>([117, 110, 107, 110, 111, 119, 110]), 7); }
// "callee"
@inline function L2_callee(): u64 { return bytes(memory.data<u8>([99, 97, 108, 108, 101, 101]), 6); }
// "method"
@inline function L3_method(): u64 { return bytes(memory.data<u8>([109, 101, 116, 104, 111, 100]), 6); }
// "path"
@inline function L4_path(): u64 { return bytes(memory.data<u8>([112, 97, 116, 104]), 4); }
// "asked-for"
@inline function L5_asked_for(): u64 { return bytes(memory.data<u8>([97, 115, 107, 101, 100, 45, 102, 111, 114]), 9); }
// "host-header"
@inline function L6_host_header(): u64 { return bytes(memory.data<u8>([104, 111, 115, 116, 45, 104, 101, 97, 100, 101, 114]), 11); }
// ":authority"
@inline function L7__authority(): u64 { return bytes(memory.data<u8>([58, 97, 117, 116, 104, 111, 114, 105, 116, 121]), 10); }
// "absent"
@inline function L8_absent(): u64 { return bytes(memory.data<u8>([97, 98, 115, 101, 110, 116]), 6); }
// "host-headers"
@inline function L9_host_headers(): u64 { return bytes(memory.data<u8>([104, 111, 115, 116, 45, 104, 101, 97, 100, 101, 114, 115]), 12); }
// "for"
@inline function L10_for(): u64 { return bytes(memory.data<u8>([102, 111, 114]), 3); }
// "rate"
@inline function L11_rate(): u64 { return bytes(memory.data<u8>([114, 97, 116, 101]), 4); }
// "user"
@inline function L12_user(): u64 { return bytes(memory.data<u8>([117, 115, 101, 114]), 4); }
// "who-and-what\n"
@inline function L13_who_and_what(): u64 { return bytes(memory.data<u8>([119, 104, 111, 45, 97, 110, 100, 45, 119, 104, 97, 116, 10]), 13); }

// who-and-what, policy.cup:1
function p0_who_and_what(): void {
  setHeader(L0_caller(), orElse(getCaller(), L1_unknown())); // line 6
  setHeader(L2_callee(), getCallee()); // line 7
  setHeader(L3_method(), getMethod()); // line 8
  setHeader(L4_path(), getPath()); // line 9
  setHeader(L5_asked_for(), getHost()); // line 10
  setHeader(L6_host_header(), orElse(givenHost(), L8_absent())); // line 11
  setHeader(L9_host_headers(), orElse(givenHost(), L8_absent())); // line 12
  if (isHost(L11_rate())) { // line 13
    setLiteral(L10_for(), L11_rate()); // line 13
  }
  setHeader(L12_user(), orElse(getQuery(L12_user()), L8_absent())); // line 14
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_who_and_what();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L13_who_and_what());
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
