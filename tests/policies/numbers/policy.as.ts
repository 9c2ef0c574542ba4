// wire/rate/inbound/numbers
// Generated from numbers. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getHeader, setHeader, setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { concat, toInt, toString } from "proxy-wasm-as/assembly/actions/text";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { divide, remainder } from "proxy-wasm-as/assembly/operators";
import { parameterBool, parameterFloat, parameterInt, parameterText } from "proxy-wasm-as/assembly/parameters";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "n"
@inline function L0_n(): u64 { return bytes(memory.data<u8>([110]), 1); }
// "size"
@inline function L1_size(): u64 { return bytes(memory.data<u8>([115, 105, 122, 101]), 4); }
// "large"
@inline function L2_large(): u64 { return bytes(memory.data<u8>([108, 97, 114, 103, 101]), 5); }
// "small"
@inline function L3_small(): u64 { return bytes(memory.data<u8>([115, 109, 97, 108, 108]), 5); }
// "none"
@inline function L4_none(): u64 { return bytes(memory.data<u8>([110, 111, 110, 101]), 4); }
// "sum"
@inline function L5_sum(): u64 { return bytes(memory.data<u8>([115, 117, 109]), 3); }
// "quotient"
@inline function L6_quotient(): u64 { return bytes(memory.data<u8>([113, 117, 111, 116, 105, 101, 110, 116]), 8); }
// "r"
@inline function L7_r(): u64 { return bytes(memory.data<u8>([114]), 1); }
// "share"
@inline function L8_share(): u64 { return bytes(memory.data<u8>([115, 104, 97, 114, 101]), 5); }
// "yes"
@inline function L9_yes(): u64 { return bytes(memory.data<u8>([121, 101, 115]), 3); }
// "wait"
@inline function L10_wait(): u64 { return bytes(memory.data<u8>([119, 97, 105, 116]), 4); }
// "long"
@inline function L11_long(): u64 { return bytes(memory.data<u8>([108, 111, 110, 103]), 4); }
// "least"
@inline function L12_least(): u64 { return bytes(memory.data<u8>([108, 101, 97, 115, 116]), 5); }
// "wrong"
@inline function L13_wrong(): u64 { return bytes(memory.data<u8>([119, 114, 111, 110, 103]), 5); }
// "word"
@inline function L14_word(): u64 { return bytes(memory.data<u8>([119, 111, 114, 100]), 4); }
// "-"
@inline function L15_(): u64 { return bytes(memory.data<u8>([45]), 1); }
// "numbers\n"
@inline function L16_numbers(): u64 { return bytes(memory.data<u8>([110, 117, 109, 98, 101, 114, 115, 10]), 8); }

// numbers, policy.cup:1
function p0_numbers(): void {
  const v_n = toInt(getHeader(L0_n()), <i64>-1); // line 7
  if ((v_n > parameterInt(0, 0)) && parameterBool(0, 3)) { // line 8
    setLiteral(L1_size(), L2_large()); // line 8
  } else {
    if (v_n >= <i64>0) { // line 9
      setLiteral(L1_size(), L3_small()); // line 9
    } else {
      setLiteral(L1_size(), L4_none()); // line 10
    }
  }
  setHeader(L5_sum(), toString((v_n * <i64>2) - <i64>3)); // line 11
  setHeader(L6_quotient(), concat(concat(toString(divide(<i64>100, v_n)), L7_r()), toString(remainder(<i64>100, v_n)))); // line 12
  if ((<f64>v_n * parameterFloat(0, 1)) >= <f64>2.5) { // line 13
    setLiteral(L8_share(), L9_yes()); // line 13
  }
  if ((parameterInt(0, 4) * v_n) > <i64>3000000000) { // line 14
    setLiteral(L10_wait(), L11_long()); // line 14
  }
  setHeader(L12_least(), toString(i64.MIN_VALUE)); // line 16
  if (i64.MIN_VALUE > <i64>0) { // line 17
    setLiteral(L12_least(), L13_wrong()); // line 17
  }
  setHeader(L14_word(), concat(concat(parameterText(0, 2), L15_()), toString(v_n))); // line 18
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_numbers();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L16_numbers());
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
