// wire/rate/inbound/texts
// Generated from texts. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getHeader, setHeader, setLiteral } from "proxy-wasm-as/assembly/actions/headers";
import { contains, endsWith, length, matches, startsWith, toLower, toString } from "proxy-wasm-as/assembly/actions/text";
import { bytes, equal } from "proxy-wasm-as/assembly/bytes";
import { isLess } from "proxy-wasm-as/assembly/operators";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "agent"
@inline function L0_agent(): u64 { return bytes(memory.data<u8>([97, 103, 101, 110, 116]), 5); }
// "kind"
@inline function L1_kind(): u64 { return bytes(memory.data<u8>([107, 105, 110, 100]), 4); }
// "tool"
@inline function L2_tool(): u64 { return bytes(memory.data<u8>([116, 111, 111, 108]), 4); }
// "curl/"
@inline function L3_curl(): u64 { return bytes(memory.data<u8>([99, 117, 114, 108, 47]), 5); }
// "robot"
@inline function L4_robot(): u64 { return bytes(memory.data<u8>([114, 111, 98, 111, 116]), 5); }
// "bot"
@inline function L5_bot(): u64 { return bytes(memory.data<u8>([98, 111, 116]), 3); }
// "spider"
@inline function L6_spider(): u64 { return bytes(memory.data<u8>([115, 112, 105, 100, 101, 114]), 6); }
// "browser"
@inline function L7_browser(): u64 { return bytes(memory.data<u8>([98, 114, 111, 119, 115, 101, 114]), 7); }
// /(?i)mozilla/[0-9]+(\.[0-9]+)* .*/
const T8: usize = memory.data<u8>([1, 0, 14, 0, 16, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 8, 9, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 8, 9, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11, 0, 0, 0, 0, 0, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 1, 1, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 15, 15, 15, 15, 15, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 14, 9, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 14, 0, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 0, 11, 12, 13]);
// "wget"
@inline function L9_wget(): u64 { return bytes(memory.data<u8>([119, 103, 101, 116]), 4); }
// "order"
@inline function L10_order(): u64 { return bytes(memory.data<u8>([111, 114, 100, 101, 114]), 5); }
// "early"
@inline function L11_early(): u64 { return bytes(memory.data<u8>([101, 97, 114, 108, 121]), 5); }
// "b"
@inline function L12_b(): u64 { return bytes(memory.data<u8>([98]), 1); }
// "length"
@inline function L13_length(): u64 { return bytes(memory.data<u8>([108, 101, 110, 103, 116, 104]), 6); }
// "texts\n"
@inline function L14_texts(): u64 { return bytes(memory.data<u8>([116, 101, 120, 116, 115, 10]), 6); }

// texts, policy.cup:1
function p0_texts(): void {
  const v_agent = getHeader(L0_agent()); // line 6
  if (startsWith(v_agent, L3_curl())) { // line 7
    setLiteral(L1_kind(), L2_tool()); // line 7
  }
  if (endsWith(v_agent, L5_bot()) || contains(v_agent, L6_spider())) { // line 8
    setLiteral(L1_kind(), L4_robot()); // line 8
  }
  if (matches(v_agent, T8)) { // line 9
    setLiteral(L1_kind(), L7_browser()); // line 9
  }
  if (equal(toLower(v_agent), L9_wget())) { // line 10
    setLiteral(L1_kind(), L2_tool()); // line 10
    return; // line 10
  }
  if (isLess(v_agent, L12_b())) { // line 11
    setLiteral(L10_order(), L11_early()); // line 11
  }
  setHeader(L13_length(), toString(length(v_agent))); // line 12
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_texts();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L14_texts());
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
