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
/** Whether what it lets go was paused before, as far as that is kept in mind. */
let waited: bool = false;

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
  if (isAsked(stream)) waited = true;
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
  waited = held == 0;
}

/** Said when it has, and returns nothing: it goes on. */
export function passOn(): void {
  if (leaving == asking) leaving = 0;
  goesAgain(asking);
  asking = 0;
}

/**
 * Said when it has looked at a piece of its body: with 0 it goes on, with all that was paused of it, and else may be let go. Let go by the host while nothing waits, a body that comes
 * in the midst of what was let go before comes again, and so on until the stack ends.
 */
export function passBody(flow: u32): void {
  if (leaving == asking && (flow == 0 || !waited)) leaving = 0;
  setHeld(asking, flow != 0);
  asking = 0;
}

/**
 * The same of its headers, before which nothing was paused, and of its trailers, behind which nothing comes: what is let go there is the request itself, and goes on whatever the
 * filter returns. Let go by the host, and paused by what is returned, headers go and their body waits for ever, where that has to wait with them; and trailers come again as a body
 * does. Gives what to return.
 */
export function passEnds(flow: u32): u32 {
  const given: u32 = leaving == asking ? 0 : flow;
  passBody(given);
  return given;
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
