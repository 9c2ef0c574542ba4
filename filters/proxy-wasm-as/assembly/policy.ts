import { Bytes, bytes, clearRouteCache, equal, lengthOf, pointerOf } from "./bytes";
import { proxy_increment_metric, proxy_send_local_response } from "./env";
import {
  acted,
  answered,
  audits,
  ENDS,
  flags,
  holdsBack,
  JUDGES,
  LEAVES,
  MISSES,
  note,
  REFUSES,
  setActed,
  setAnswered,
  setFlags,
} from "./guard";
import { waiting } from "./inside";
import { forgetPairs } from "./pairs";
import { calledByRoute, callerAddress } from "./peers";
import { enterPhase } from "./phase";
import {
  ALL,
  blockOf,
  blockOfRoot,
  COMPLEMENT,
  callerIn,
  entryOf,
  fact,
  listed,
  metricIn,
  nameOf,
  newestBlock,
  OUTBOUND,
  peersIn,
} from "./plugins";

export { setHeader } from "./actions/headers";
export { audits, holdsBack, holdsBackChange } from "./guard";
export { allocate } from "./memory";
export { callerAddress } from "./peers";
export { created as begun, deleted as over } from "./plugins";

// What generated policies are made of. All state here is that of the request being looked at: a worker looks at one
// at a time, and none of it outlives the callback.
let block: usize = 0;
let caller: Bytes = 0;
let callee: Bytes = 0;
let judged: bool = false;
let admitted: bool = false;
let rerouted: bool = false;
// The policy at work, or the last one.
let working: u32 = 0;
// Whether no `Allow` of its own has admitted the request, when it is audited.
let unadmitted: bool = false;

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@lazy const SELF: usize = memory.data<u8>([64, 115, 101, 108, 102, 9]);
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@lazy const DETAILS: usize = memory.data<u8>([119, 105, 114, 101, 95, 112, 111, 108, 105, 99, 121]);
const ANY: u8 = 42;
const NOBODY: u8 = 45;

/** `headers` are those that actions are about: of the request, 0, or of the response, 2. */
export function begin(context: u32, headers: u32 = 0): void {
  enterPhase(headers, context);
  block = blockOf(context);
  caller = 0;
  callee = 0;
  judged = false;
  admitted = false;
  rerouted = false;
  setAnswered(false);
  forgetPairs();
}

/** The same where no stream is looked at, but the plugin itself. */
export function beginPlugin(root: u32): void {
  begin(root);
  block = blockOfRoot(root);
}

/** The configuration of the request being looked at. */
export function currentBlock(): usize {
  return block;
}

/** Said after `begin` where no route tells who is called: of a connection. */
export function callTo(name: Bytes): void {
  callee = name;
}

/** Asks the path of the request whether a policy is for it, a function; 0 where the call decides for all, and the compiler drops it. */
let asker: usize = 0;

export function askBy(ask: (policy: u32, peer: Bytes) => bool): void {
  asker = changetype<usize>(ask);
}

/** Whether a policy is for this request: the peer is one of its own, or the path says so. */
export function runs(policy: u32): bool {
  settle();
  if (block == 0 || answered) return false;
  working = policy;
  const entry = entryOf(block, policy);
  setFlags(load<u32>(entry));
  if ((flags & ALL) != 0) return true;
  const peers = peersIn(block, entry);
  const peer = isOutbound() ? calleeName() : callerName();
  if (listed(peers, peer) == ((flags & COMPLEMENT) == 0)) return true;
  return asker != 0 && load<u8>(peers) != NOBODY && changetype<(policy: u32, peer: Bytes) => bool>(asker)(policy, peer);
}

/** Have a policy at work of which it is known already that it is for this request. False where there is no configuration. */
export function works(policy: u32): bool {
  settle();
  if (block == 0) return false;
  working = policy;
  setFlags(load<u32>(entryOf(block, policy)));
  return true;
}

/** Whether the policy is switched off by now, whatever was begun with: its peers are `-` then, which is nobody's name. */
export function isOff(policy: u32): bool {
  const newest = newestBlock();
  return newest != 0 && load<u8>(peersIn(newest, entryOf(newest, policy))) == NOBODY;
}

/** What answers a connection is that it ends: nothing that follows has anything left to do. */
export function finish(): void {
  setAnswered(true);
}

export function isFinished(): bool {
  return answered;
}

/** Whether some policies had an `Allow` and none of these admitted it. */
export function isRefused(): bool {
  return judged && !admitted;
}

/** Count the request for the policy that was at work, when it is audited and would have acted. */
export function settle(): void {
  if (unadmitted) note(MISSES);
  if (acted || unadmitted) proxy_increment_metric(metricIn(entryOf(block, working)), 1);
  setActed(false);
  unadmitted = false;
}

/** Envoy's action: 0 goes on, 1 stops. What the generator says step by step, where a module needs them. */
export function end(): u32 {
  verdict();
  applyRoute();
  return leave();
}

/** Said where a policy may have asked for another route. */
export function applyRoute(): void {
  if (rerouted && !answered) clearRouteCache();
}

/** The last thing said. Envoy's action: 0 goes on, 1 stops. */
export function leave(): u32 {
  settle();
  note(LEAVES);
  if (waiting == 0) __collect();
  return answered ? 1 : 0;
}

export function deny(status: u32, body: Bytes): void {
  if (answered) return;
  note(ENDS);
  if (!holdsBack()) answer(status, body);
}

/** Answer, whoever is at work. */
export function answer(status: u32, body: Bytes): void {
  setAnswered(true);
  proxy_send_local_response(status, DETAILS, 11, pointerOf(body), lengthOf(body), 0, 0, -1);
}

/** Deny what no `Allow` admits, once all of them have been asked. */
export function verdict(): void {
  settle();
  if (!judged || admitted || answered) return;
  note(REFUSES);
  answer(403, 0);
}

/** Called at the start of a policy with `Allow`: from here on the request needs one that admits it. */
export function judge(): void {
  note(JUDGES);
  if (audits()) unadmitted = true;
  else judged = true;
}

/** Names are those of services, `*` for any. An audited one is asked for itself: nobody else's `Allow` speaks for it. */
export function allow(callerWanted: Bytes, calleeWanted: Bytes): void {
  if (!isAny(callerWanted) && !equal(callerOf(), callerWanted)) return;
  if (!isAny(calleeWanted) && !equal(calleeOf(), calleeWanted)) return;
  if (audits()) unadmitted = false;
  else admitted = true;
}

/** Whether the request is on its way out to this service. */
export function leadsTo(service: Bytes): bool {
  return isOutbound() && equal(calleeName(), service);
}

/** Have Envoy choose the route again once the policies are done. */
export function reroute(): void {
  rerouted = true;
}

/** The name of the policy at work. */
export function policyName(): Bytes {
  return nameOf(block, working);
}

/** Who is called, from the name of the route: `CALLEE` or `CALLEE@VERSION`. */
export function calleeName(): Bytes {
  if (callee == 0) callee = calledByRoute();
  return callee;
}

/** The service that the request came from, by its address; MISSING when the configuration has no need to know it. */
export function callerName(): Bytes {
  if (caller == 0) caller = callerIn(block, callerAddress());
  return caller;
}

/** The service that calls: this one on the way out, else the one whose address the request came from; MISSING when nobody knows. */
export function callerOf(): Bytes {
  return isOutbound() ? fact(block, bytes(SELF, 6)) : callerName();
}

/** The service that is called. */
export function calleeOf(): Bytes {
  return isOutbound() ? calleeName() : fact(block, bytes(SELF, 6));
}

function isAny(name: Bytes): bool {
  return lengthOf(name) == 1 && load<u8>(pointerOf(name)) == ANY;
}

function isOutbound(): bool {
  return (flags & OUTBOUND) != 0;
}
