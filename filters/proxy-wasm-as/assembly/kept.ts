import { context } from "./context";
import { Status } from "./enums";
import { proxy_set_effective_context } from "./env";
import { gone } from "./gone";
import { waiting } from "./inside";
import { addRecord, createSlab, findRecord } from "./slab";

// A filter may keep what stands for a stream, and use it in a callback that is about another one, or about none. The host works for the stream of
// the callback, so that it has to be told. Of a filter that keeps nothing all this is dropped by the compiler: `keeps` is never written.

let keeps: bool = false;
/** Of all contexts of this VM, the latest that a callback was for. */
let newest: u32 = 0;
/** The stream whose callback waits for what becomes of it. */
export let asked: u32 = 0;
/** Streams that the filter has ended and that have not gone yet, and in which callback. */
let ends: usize = 0;
/** How many callbacks there have been. Where it begins anew, nothing of the one with this number is left. */
let turn: u32 = 0;

const LOW: u32 = 0x1fffffff;

/** Said as the module of a filter starts that may keep a stream. */
export function keepStreams(): void {
  keeps = true;
  ends = createSlab(4);
}

/** Said first in a callback of such a filter that says by what it returns how its stream goes on, and with 0 at its end. */
export function ask(stream: u32): void {
  asked = stream;
}

/** Said when a callback is for this context. */
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
export function noteContext(given: u32): void {
  if (!keeps) return;
  if (given > newest) newest = given;
  // What one that waits has ended is still ended for it.
  if (waiting == 0) turn++;
}

/** Whether the callback is for this stream. */
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
export function isAtWork(stream: u32): bool {
  return !keeps || stream == context || stream == gone;
}

/** Have the host work for this stream, until `turnBack`; false when it has gone. */
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
export function turnTo(stream: u32): bool {
  return isAtWork(stream) || proxy_set_effective_context(stream) == Status.Ok;
}

/** Have the host work again for whom the callback is for. */
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
export function turnBack(stream: u32): void {
  if (!isAtWork(stream)) proxy_set_effective_context(context);
}

/** Whether there is this stream, and is to be for a while. */
export function isThere(stream: u32): bool {
  const found = turnTo(stream);
  turnBack(stream);
  return found;
}

/** Whether an answer to this stream would stop another one: Envoy has what is asked about stand still when the filter answers, whomever. */
export function isAskedAboutAnother(stream: u32): bool {
  return !isAtWork(stream) && asked != 0;
}

/** Keep in mind that the filter has ended this stream in this callback. */
export function noteEnd(stream: u32): void {
  if (!keeps) return;
  const known = findRecord(ends, stream);
  store<u32>(known == 0 ? addRecord(ends, stream) : known, turn);
}

/** Whether it has. */
export function hasEnded(stream: u32): bool {
  if (!keeps) return false;
  const known = findRecord(ends, stream);
  return known != 0 && load<u32>(known) == turn;
}

/** What stands for a part of a stream: its number, 0 to 7, and whose it is, as far as there is room beside it; nothing of that where streams are not kept. */
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
export function partOf(stream: u32, part: u32): usize {
  return (keeps && stream != 0 ? stream << 3 : <u32>8) | part;
}

/** Whose it is; the stream of the callback where streams are not kept. */
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
export function streamOf(reference: usize): u32 {
  return keeps ? found(<u32>reference >> 3) : context;
}

/** The number of which this is the lower part: of those that there have been, the last. */
function found(low: u32): u32 {
  const wanted = (newest & ~LOW) | low;
  return wanted > newest ? wanted - LOW - 1 : wanted;
}
