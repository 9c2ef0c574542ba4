// wire/rate/inbound/classes
// Generated from classes. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getHeader, setHeader, setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { orElse } from "proxy-wasm-as/assembly/actions/text";
import { bytes, equal } from "proxy-wasm-as/assembly/bytes";
import { edition } from "proxy-wasm-as/assembly/pairs";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "class"
@inline function L0_class(): u64 { return bytes(memory.data<u8>([99, 108, 97, 115, 115]), 5); }
// "first"
@inline function L1_first(): u64 { return bytes(memory.data<u8>([102, 105, 114, 115, 116]), 5); }
// "second"
@inline function L2_second(): u64 { return bytes(memory.data<u8>([115, 101, 99, 111, 110, 100]), 6); }
// "trial"
@inline function L3_trial(): u64 { return bytes(memory.data<u8>([116, 114, 105, 97, 108]), 5); }
// "third"
@inline function L4_third(): u64 { return bytes(memory.data<u8>([116, 104, 105, 114, 100]), 5); }
// "yes"
@inline function L5_yes(): u64 { return bytes(memory.data<u8>([121, 101, 115]), 3); }
// "tier"
@inline function L6_tier(): u64 { return bytes(memory.data<u8>([116, 105, 101, 114]), 4); }
// "silver"
@inline function L7_silver(): u64 { return bytes(memory.data<u8>([115, 105, 108, 118, 101, 114]), 6); }
// "gold"
@inline function L8_gold(): u64 { return bytes(memory.data<u8>([103, 111, 108, 100]), 4); }
// "empty"
@inline function L9_empty(): u64 { return bytes(memory.data<u8>([101, 109, 112, 116, 121]), 5); }
// ""
@inline function L10(): u64 { return bytes(0, 0); }
// "copy"
@inline function L11_copy(): u64 { return bytes(memory.data<u8>([99, 111, 112, 121]), 4); }
// "classes\n"
@inline function L12_classes(): u64 { return bytes(memory.data<u8>([99, 108, 97, 115, 115, 101, 115, 10]), 8); }

// getheader "trial"
let R0_value: u64 = 0;
let R0_edition: u32 = 0;
function R0(): u64 {
  if (R0_edition != edition) {
    R0_value = getHeader(L3_trial());
    R0_edition = edition;
  }
  return R0_value;
}

// getheader "tier"
let R1_value: u64 = 0;
let R1_edition: u32 = 0;
function R1(): u64 {
  if (R1_edition != edition) {
    R1_value = getHeader(L6_tier());
    R1_edition = edition;
  }
  return R1_value;
}

// classes, policy.cup:1
function p0_classes(): void {
  if (equal(R1(), L8_gold()) && !equal(R0(), L5_yes())) { // line 6
    setLiteral(L0_class(), L1_first()); // line 7
  } else {
    if (equal(R1(), L7_silver())) { // line 8
      setLiteral(L0_class(), L2_second()); // line 9
    } else {
      if (equal(R0(), L5_yes())) { // line 10
        setLiteral(L0_class(), L3_trial()); // line 11
      } else {
        setLiteral(L0_class(), L4_third()); // line 13
      }
    }
  }
  if (equal(R1(), L10())) { // line 15
    setLiteral(L9_empty(), L5_yes()); // line 16
  }
  setHeader(L11_copy(), orElse(R1(), L10())); // line 18
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_classes();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L12_classes());
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
