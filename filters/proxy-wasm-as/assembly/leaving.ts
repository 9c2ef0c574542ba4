import { StreamType } from "./enums";
import { proxy_continue_stream } from "./env";
import { turnBack, turnTo } from "./kept";
import { addRecord, createSlab, findRecord } from "./slab";

// What a callback lets go, Envoy lets go once that has ended, or one that it calls inside of it. Where these are called since a body was made too large, the request
// has been answered already: let go then, it has its connection wait for ever. And a request that is let go and then goes on by what its callback returns goes twice:
// of headers the service gets two requests, and of trailers what comes second stands where the next request begins. So a filter that does one of these says at the end
// of its callback what it has let go.

/** The request that is to go on; 0 when there is none. */
export let leaving: u32 = 0;
/** The request that is looked at. */
let asking: u32 = 0;

/** Requests that have been paused, and whether nothing has let them go since; 0 where that is not kept in mind, and the compiler drops all of it. */
let held: usize = 0;

export function setLeaving(stream: u32): void {
  leaving = stream;
}

/**
 * Said as the module of a filter starts that may let a request go in more than one callback, and forgets streams. What is let go twice, such as by the answers to two
 * calls, or was never paused, has trailers that went on before sent once more.
 */
export function letGoOnce(): void {
  held = createSlab(1);
}

/** Whether nothing of a request waits that could be let go; nothing does from now on. */
export function goesAgain(stream: u32): bool {
  if (held == 0) return false;
  const record = findRecord(held, stream);
  // Of what it is asked about it has not said yet whether that waits.
  if (record == 0 || !load<bool>(record)) return !isAsked(stream);
  store<bool>(record, false);
  return false;
}

function setHeld(stream: u32, waits: bool): void {
  if (held == 0) return;
  let record = findRecord(held, stream);
  if (record == 0) {
    if (!waits) return;
    record = addRecord(held, stream);
  }
  store<bool>(record, waits);
}

/** Said before a filter looks at a request. */
export function lookAtRequest(stream: u32): void {
  asking = stream;
}

/**
 * Said when it has. What is let go in a callback that is about it goes on with all that was paused of it, whatever the filter returns: let go by the host, and paused by what is
 * returned, the piece that it is about waits for ever. And behind what stopped all, Envoy asks again about what is let go while it asks. Gives what to return.
 */
export function pass(flow: u32): u32 {
  const goes = leaving == asking;
  if (goes) leaving = 0;
  const given: u32 = goes ? 0 : flow;
  setHeld(asking, given != 0);
  asking = 0;
  return given;
}

/** The same of one that returns nothing: it goes on. Nothing is to be kept for that, so that no loop is counted of which a filter would need a budget. */
export function passOn(): void {
  if (leaving == asking) leaving = 0;
  goesAgain(asking);
  asking = 0;
}

/** What the callback for trailers returns of a filter that has none of its own: they wait with what was paused before, which any client could have let go by them. */
export function holdTrailers(stream: u32): u32 {
  const record = findRecord(held, stream);
  return record != 0 && load<bool>(record) ? 1 : 0;
}

/** Whether the filter is asked about this request, and has not said yet whether it is to wait. */
export function isAsked(stream: u32): bool {
  return asking != 0 && asking == stream;
}

/** Have a request go on at the end of the callback. */
export function leaveLater(stream: u32): void {
  const before = leaving;
  if (before == stream) return;
  // Of the one that it is asked about it has not said yet whether that goes on.
  if (isAsked(before)) leaving = stream;
  letLeave();
  leaving = isAsked(before) ? before : stream;
}

/** Said at the end of a callback, and before a stream is ended in it. */
export function letLeave(): void {
  if (leaving == 0) return;
  const stream = leaving;
  leaving = 0;
  if (!turnTo(stream)) return;
  proxy_continue_stream(StreamType.HttpRequest);
  turnBack(stream);
}
