import { noteContext } from "./kept";

/** The context that the callback was called for: a stream's, or a root context. */
export let context: u32 = 0;

/**
 * The stream that the filter has answered or reset in this callback. Envoy carries it out when that has ended, and crashes, or lets a request go on that
 * was denied, when something else is done to the stream before. After that an answer is a response, which may be held up and let go as any other.
 */
export let ended: u32 = 0;

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
export function setEnded(given: u32): void {
  ended = given;
}

/** Said when a callback goes on that others were called inside of. */
export function returnTo(given: u32, ending: u32): void {
  context = given;
  ended = ending;
}

/** Said first in each callback. */
export function enter(given: u32): void {
  context = given;
  ended = 0;
  noteContext(given);
}
