// wire/rate/inbound/telemetry
// Generated from telemetry. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { getPath } from "proxy-wasm-as/assembly/actions/access";
import { getHeader, hasHeader } from "proxy-wasm-as/assembly/actions/headers";
import { count, histogram, log } from "proxy-wasm-as/assembly/actions/telemetry";
import { concat, toInt } from "proxy-wasm-as/assembly/actions/text";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { edition } from "proxy-wasm-as/assembly/pairs";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "requests"
@inline function L0_requests(): u64 { return bytes(memory.data<u8>([114, 101, 113, 117, 101, 115, 116, 115]), 8); }
// "sum"
@inline function L1_sum(): u64 { return bytes(memory.data<u8>([115, 117, 109]), 3); }
// "n"
@inline function L2_n(): u64 { return bytes(memory.data<u8>([110]), 1); }
// "path "
@inline function L3_path(): u64 { return bytes(memory.data<u8>([112, 97, 116, 104, 32]), 5); }
// "seen"
@inline function L4_seen(): u64 { return bytes(memory.data<u8>([115, 101, 101, 110]), 4); }
// "telemetry\n"
@inline function L5_telemetry(): u64 { return bytes(memory.data<u8>([116, 101, 108, 101, 109, 101, 116, 114, 121, 10]), 10); }

// Count requests
const M0: usize = memory.data(4);
// Count sum
const M1: usize = memory.data(4);
// Histogram n
const M2: usize = memory.data(4);

// getheader "n"
let R0_value: u64 = 0;
let R0_edition: u32 = 0;
function R0(): u64 {
  if (R0_edition != edition) {
    R0_value = getHeader(L2_n());
    R0_edition = edition;
  }
  return R0_value;
}

// telemetry, policy.cup:1
function p0_telemetry(): void {
  count(M0, L0_requests(), <i64>1); // line 6
  if (hasHeader(L2_n())) { // line 7
    count(M1, L1_sum(), toInt(R0(), <i64>0)); // line 8
    histogram(M2, L2_n(), toInt(R0(), <i64>0)); // line 9
  }
  log(concat(L3_path(), getPath()), 2); // line 11
  log(L4_seen(), 1); // line 12
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_telemetry();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L5_telemetry());
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
