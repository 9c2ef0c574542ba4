// wire/rate/inbound/grpc-worker-state
// Generated from grpc-worker-state. Edit the policies instead.
import "proxy-wasm-as/assembly/abort";
import { setHeader } from "proxy-wasm-as/assembly/actions/headers";
import { SLOT, getCount, increment, state } from "proxy-wasm-as/assembly/actions/state";
import { toString } from "proxy-wasm-as/assembly/actions/text";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, leave, runs } from "proxy-wasm-as/assembly/policy";

// "count"
@inline function L0_count(): u64 { return bytes(memory.data<u8>([99, 111, 117, 110, 116]), 5); }
// "grpc-worker-state\n"
@inline function L1_grpc_worker_state(): u64 { return bytes(memory.data<u8>([103, 114, 112, 99, 45, 119, 111, 114, 107, 101, 114, 45, 115, 116, 97, 116, 101, 10]), 18); }

// grpc-worker-state/counter
const S0: usize = memory.data(SLOT);

// grpc-worker-state, policy.cup:1
function p0_grpc_worker_state(): void {
  increment(S0, <i64>2); // line 7
  setHeader(L0_count(), toString(getCount(S0))); // line 8
}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  begin(context, 0);
  if (runs(0)) p0_grpc_worker_state();
  return leave();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, L1_grpc_worker_state());
  state(S0, 0);
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
