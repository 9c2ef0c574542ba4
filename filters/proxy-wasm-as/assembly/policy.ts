import {
  Bytes,
  bytes,
  clearRouteCache,
  equal,
  lengthOf,
  MISSING,
  pointerOf,
  property,
  replaceHeader,
} from "./bytes";
import { proxy_send_local_response } from "./env";
import {
  ALL,
  AUDIT,
  blockOf,
  COMPLEMENT,
  fact,
  flagsOf,
  listed,
  OUTBOUND,
  PRESENT,
  peersOf,
} from "./plugins";

// What generated policies are made of. All state here is that of the request being looked at: a worker looks at one
// at a time, and none of it outlives the callback.
let block: usize = 0;
let auditing: bool = false;
let outbound: bool = false;
let caller: Bytes = 0;
let callee: Bytes = 0;
let judged: bool = false;
let admitted: bool = false;
let rerouted: bool = false;
let answered: bool = false;

const VERSION: usize = memory.data<u8>([120, 45, 119, 105, 114, 101, 45, 118, 101, 114, 115, 105, 111, 110]);
const SOURCE: usize = memory.data<u8>([115, 111, 117, 114, 99, 101, 0, 97, 100, 100, 114, 101, 115, 115]);
const ROUTE: usize = memory.data<u8>([120, 100, 115, 0, 114, 111, 117, 116, 101, 95, 110, 97, 109, 101]);
const SELF: usize = memory.data<u8>([64, 115, 101, 108, 102, 9]);
const DENIED: usize = memory.data<u8>([68, 101, 110, 105, 101, 100]);
const DETAILS: usize = memory.data<u8>([119, 105, 114, 101, 95, 112, 111, 108, 105, 99, 121]);
const ANY: u8 = 42;

/** The memory that the host writes what it hands over into: managed, so that it goes when the callback ends. */
export function allocate(size: usize): usize {
  // @ts-ignore: the runtime's
  return __new(size, idof<ArrayBuffer>());
}

export function begin(context: u32): void {
  block = blockOf(context);
  caller = 0;
  callee = 0;
  judged = false;
  admitted = false;
  rerouted = false;
  answered = false;
}

/** Whether a policy is for this request: it is configured here, and the peer is one of its own. */
export function runs(policy: u32): bool {
  if (block == 0 || answered) return false;
  const flags = flagsOf(block, policy);
  if ((flags & PRESENT) == 0) return false;
  auditing = (flags & AUDIT) != 0;
  outbound = (flags & OUTBOUND) != 0;
  if ((flags & ALL) != 0) return true;
  const found = listed(peersOf(block, policy), outbound ? calleeName() : callerAddress());
  return (flags & COMPLEMENT) != 0 ? !found : found;
}

/** Envoy's action: 0 goes on, 1 stops. */
export function end(): u32 {
  if (judged && !admitted && !answered) {
    auditing = false;
    deny(403, bytes(DENIED, 6));
  }
  if (rerouted && !answered) clearRouteCache();
  // @ts-ignore: the runtime's
  __collect();
  return answered ? 1 : 0;
}

/** Whether the policy at work is evaluated only: it must change nothing. */
export function isAudited(): bool {
  return auditing;
}

export function setHeader(name: Bytes, value: Bytes): void {
  if (!auditing) replaceHeader(name, value);
}

export function deny(status: u32, body: Bytes): void {
  if (auditing || answered) return;
  answered = true;
  proxy_send_local_response(status, DETAILS, 11, pointerOf(body), lengthOf(body), 0, 0, -1);
}

/** Called at the start of a policy with `Allow`: from here on the request needs one that admits it. */
export function judge(): void {
  if (!auditing) judged = true;
}

/** Names are those of services, `*` for any; `callerKey` is the fact that lists the caller's addresses. */
export function allow(callerName: Bytes, callerKey: Bytes, calleeWanted: Bytes): void {
  if (auditing) return;
  const self = fact(block, bytes(SELF, 6));
  const callerFits =
    isAny(callerName) ||
    (outbound ? equal(self, callerName) : listed(fact(block, callerKey), callerAddress()));
  if (callerFits && (isAny(calleeWanted) || equal(outbound ? calleeName() : self, calleeWanted)))
    admitted = true;
}

export function routeToVersion(service: Bytes, version: Bytes): void {
  if (auditing || !outbound || !equal(calleeName(), service)) return;
  replaceHeader(bytes(VERSION, 14), version);
  rerouted = true;
}

/** Who is called, from the name of the route: `CALLEE` or `CALLEE@VERSION`. */
export function calleeName(): Bytes {
  if (callee == 0) callee = cut(property(bytes(ROUTE, 14)), 64, false);
  return callee;
}

/** The address that the request came from, without the port. */
export function callerAddress(): Bytes {
  if (caller == 0) caller = cut(property(bytes(SOURCE, 14)), 58, true);
  return caller;
}

function isAny(name: Bytes): bool {
  return lengthOf(name) == 1 && load<u8>(pointerOf(name)) == ANY;
}

function cut(text: Bytes, mark: u8, last: bool): Bytes {
  if (text == MISSING) return text;
  const start = pointerOf(text);
  const length = lengthOf(text);
  for (let i: usize = 0; i < length; i++) {
    const at = last ? length - 1 - i : i;
    if (load<u8>(start + at) == mark) return bytes(start, at);
  }
  return text;
}
