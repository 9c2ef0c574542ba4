// wire/rate/inbound/calls_and_bodies
// Generated from calls_and_bodies. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getHeader, setHeader, setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { startsWith, toLower, toString } from "proxy-wasm-as/assembly/actions/text";
import { bytes, equal } from "proxy-wasm-as/assembly/bytes";
import { edition } from "proxy-wasm-as/assembly/pairs";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, deny, leave, runs } from "proxy-wasm-as/assembly/policy";

// "first"
@inline function L0_first(): u64 { return bytes(memory.data<u8>([102, 105, 114, 115, 116]), 5); }
// "yes"
@inline function L1_yes(): u64 { return bytes(memory.data<u8>([121, 101, 115]), 3); }
// "second"
@inline function L2_second(): u64 { return bytes(memory.data<u8>([115, 101, 99, 111, 110, 100]), 6); }
// "third"
@inline function L3_third(): u64 { return bytes(memory.data<u8>([116, 104, 105, 114, 100]), 5); }
// "it's"
@inline function L4_it_s(): u64 { return bytes(memory.data<u8>([105, 116, 39, 115]), 4); }
// "tier"
@inline function L5_tier(): u64 { return bytes(memory.data<u8>([116, 105, 101, 114]), 4); }
// "sil"
@inline function L6_sil(): u64 { return bytes(memory.data<u8>([115, 105, 108]), 3); }
// "gold"
@inline function L7_gold(): u64 { return bytes(memory.data<u8>([103, 111, 108, 100]), 4); }
// "vip"
@inline function L8_vip(): u64 { return bytes(memory.data<u8>([118, 105, 112]), 3); }
// "class"
@inline function L9_class(): u64 { return bytes(memory.data<u8>([99, 108, 97, 115, 115]), 5); }
// "gone"
@inline function L10_gone(): u64 { return bytes(memory.data<u8>([103, 111, 110, 101]), 4); }
// "lead"
@inline function L11_lead(): u64 { return bytes(memory.data<u8>([108, 101, 97, 100]), 4); }
// "trial"
@inline function L12_trial(): u64 { return bytes(memory.data<u8>([116, 114, 105, 97, 108]), 5); }
// "rest"
@inline function L13_rest(): u64 { return bytes(memory.data<u8>([114, 101, 115, 116]), 4); }
// "calls_and_bodies\n"
@inline function L14_calls_and_bodies(): u64 { return bytes(memory.data<u8>([99, 97, 108, 108, 115, 95, 97, 110, 100, 95, 98, 111, 100, 105, 101, 115, 10]), 17); }

// getheader "tier"
let R0_value: u64 = 0;
let R0_edition: u32 = 0;
function R0(): u64 {
  if (R0_edition != edition) {
    R0_value = getHeader(L5_tier());
    R0_edition = edition;
  }
  return R0_value;
}

// calls_and_bodies, policy.cup:1
function p0_calls_and_bodies(): void {
  if (equal(R0(), L7_gold()) && !equal(L8_vip(), toLower(getHeader(L9_class())))) { // line 6
    setLiteral(L0_first(), L1_yes()); // line 7
  } else {
    if (startsWith(R0(), L6_sil())) { // line 8
      setLiteral(L2_second(), L1_yes()); // line 8
    } else {
      setLiteral(L3_third(), L4_it_s()); // line 10
    }
  }
  if (equal(getHeader(L12_trial()), L1_yes())) { // line 11
    if (equal(R0(), L11_lead())) { // line 11
      return deny(451, L10_gone()); // line 11
    }
  }
  const v_rest = (<i64>10 - <i64>4) - (<i64>3 * <i64>-1); // line 12
  if ((v_rest == <i64>9) && (-v_rest < <i64>-8)) { // line 13
    setHeader(L13_rest(), toString(v_rest)); // line 13
  }
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_calls_and_bodies();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L14_calls_and_bodies());
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

// wire/rate/inbound/bare-context
// Generated from bare-context. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getHeader, setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { length } from "proxy-wasm-as/assembly/actions/text";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "last"
@inline function L0_last(): u64 { return bytes(memory.data<u8>([108, 97, 115, 116]), 4); }
// "yes"
@inline function L1_yes(): u64 { return bytes(memory.data<u8>([121, 101, 115]), 3); }
// "third"
@inline function L2_third(): u64 { return bytes(memory.data<u8>([116, 104, 105, 114, 100]), 5); }
// "no"
@inline function L3_no(): u64 { return bytes(memory.data<u8>([110, 111]), 2); }
// "bare-context\n"
@inline function L4_bare_context(): u64 { return bytes(memory.data<u8>([98, 97, 114, 101, 45, 99, 111, 110, 116, 101, 120, 116, 10]), 13); }

// bare-context, policy.cup:17
function p0_bare_context(): void {
  if (length(getHeader(L2_third())) > <i64>0) { // line 18
    setLiteral(L0_last(), L1_yes()); // line 18
    return; // line 18
  }
  setLiteral(L0_last(), L3_no()); // line 19
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_bare_context();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L4_bare_context());
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
