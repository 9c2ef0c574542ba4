import { context as entered } from "./context";
import { gone } from "./gone";
import { audits, details, noteCalled } from "./guard";
import { isAtWork } from "./kept";

// Which stream waits for which call: in static memory, hashed by the token. An entry is the token, the context, a number of the filter's, the kind
// of the call, and the functions to be called.
const ENTRY: usize = 32;
const ENTRIES: u32 = 4096;
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@lazy const entries: usize = memory.data(131072);
let used: u32 = 0;

// Those of one context stand in one list, so that the end of a stream need not look through all: for each bucket of contexts the place of the first entry, and for
// each place that of the next one, both from 1 on.
const BUCKETS: u32 = 1024;
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@lazy const firsts: usize = memory.data(2048);
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@lazy const nexts: usize = memory.data(8192);

/** Calls of HTTP and of gRPC have tokens of their own. */
export const HTTP: u32 = 1;
export const GRPC: u32 = 2;
export const GRPC_STREAM: u32 = 3;
/** Of a call that no stream made, but the plugin. */
export const OF_ROOT: u32 = 4;
/** Of an audited policy, which is told also when its stream has gone. */
const LASTING: u32 = 8;
/** That stream has gone. */
const GONE: u32 = 16;

/** Whether there is room for one more call. Those who wait come before those of whom there is only something to count. */
export function hasRoom(): bool {
  return used < ENTRIES || dropsOne();
}

function dropsOne(): bool {
  if (!audits()) return false;
  for (let place: u32 = 0; place < ENTRIES; place++) {
    if (!isGone(entryAt(place))) continue;
    freeCall(entryAt(place));
    return true;
  }
  return false;
}

/** What the kind of a call has besides, which would wait so long for its answer: one that may never come is waited for as long as the stream lasts. */
export function lasting(timeoutMs: u32): u32 {
  if (!audits() || timeoutMs == 0) return 0;
  return gone == 0 ? LASTING : LASTING | GONE;
}

/** A new entry for a call; there is room. */
export function addCall(kind: u32, token: u32, context: u32, tag: u32, then: usize): usize {
  let place = token % ENTRIES;
  while (load<u32>(entryAt(place), 12) != 0) place = (place + 1) % ENTRIES;
  used++;
  const entry = entryAt(place);
  memory.fill(entry, 0, ENTRY);
  store<u32>(entry, token);
  store<u32>(entry, context, 4);
  store<u32>(entry, tag, 8);
  store<u32>(entry, kind, 12);
  setHandler(entry, 0, then);
  const first = firstOf(context);
  store<u16>(nexts + place * 2, load<u16>(first));
  store<u16>(first, <u16>(place + 1));
  if (!isOfRoot(entry) && isAtWork(context)) noteCalled();
  return entry;
}

/** The entry of a call; 0 when there is none. Entries are taken out of the middle, so that it may stand behind a gap. */
export function findCall(isGrpc: bool, token: u32): usize {
  if (used == 0) return 0;
  for (let step: u32 = 0; step < ENTRIES; step++) {
    const entry = entryAt((token + step) % ENTRIES);
    const kind = kindOf(entry);
    if (kind != 0 && load<u32>(entry) == token && kind > HTTP == isGrpc) return entry;
  }
  return 0;
}

/** The call is over. Who goes through those of a context may free one and go on from it. */
export function freeCall(entry: usize): void {
  store<u32>(entry, 0, 12);
  used--;
  let link = firstOf(contextOf(entry));
  const place = placeOf(entry);
  while (<u32>load<u16>(link) != place + 1) link = nexts + (load<u16>(link) - 1) * 2;
  store<u16>(link, load<u16>(nexts + place * 2));
}

/** Whether this call is still waited for when its stream has gone. */
export function outlives(entry: usize): bool {
  // Nothing audits a filter that stands for itself.
  if (details == 0 || (load<u32>(entry, 12) & LASTING) == 0 || isOfRoot(entry)) return false;
  store<u32>(entry, load<u32>(entry, 12) | GONE, 12);
  return true;
}

/** Whether the stream that waits has gone, and there may be something to count. */
export function isGone(entry: usize): bool {
  return audits() && (load<u32>(entry, 12) & GONE) != 0;
}

/** Nothing is left to be counted of what this stream waits for. */
export function forgetLasting(context: u32): void {
  for (let entry = nextCallOf(context, 0); entry != 0; entry = nextCallOf(context, entry)) {
    if (isGone(entry)) freeCall(entry);
    else store<u32>(entry, load<u32>(entry, 12) & ~LASTING, 12);
  }
}

/** Whom the guard is to ask about an answer: the stream that waits for it, or the plugin where that has gone; 0 when nobody waits. */
export function whoseCall(entry: usize): u32 {
  if (entry == 0) return 0;
  // Who is at work is not known yet.
  return (load<u32>(entry, 12) & GONE) != 0 ? entered : contextOf(entry);
}

/** The next entry of this context behind the given one, 0 for the first; 0 when there is none left. */
export function nextCallOf(context: u32, before: usize): usize {
  let link = before == 0 ? firstOf(context) : nexts + placeOf(before) * 2;
  for (let next: u32 = load<u16>(link); next != 0; next = load<u16>(link)) {
    if (contextOf(entryAt(next - 1)) == context) return entryAt(next - 1);
    link = nexts + (next - 1) * 2;
  }
  return 0;
}

function firstOf(context: u32): usize {
  return firsts + (context % BUCKETS) * 2;
}

export function tokenOf(entry: usize): u32 {
  return load<u32>(entry);
}

export function contextOf(entry: usize): u32 {
  return load<u32>(entry, 4);
}

export function tagOf(entry: usize): u32 {
  return load<u32>(entry, 8);
}

/** Without whether it is of a root context. */
export function kindOf(entry: usize): u32 {
  return load<u32>(entry, 12) & 3;
}

export function isOfRoot(entry: usize): bool {
  return (load<u32>(entry, 12) & OF_ROOT) != 0;
}

/** A function of the filter's: 0 to 3. */
export function handlerOf(entry: usize, place: usize): usize {
  return load<u32>(entry + 16 + place * 4);
}

export function setHandler(entry: usize, place: usize, handler: usize): void {
  store<u32>(entry + 16 + place * 4, <u32>handler);
}

function placeOf(entry: usize): u32 {
  return <u32>((entry - entries) / ENTRY);
}

function entryAt(place: u32): usize {
  return entries + <usize>place * ENTRY;
}
