import { Bytes, MISSING } from "./bytes";
import { lowered } from "./byte-string";
import { looked } from "./gone";

// What Wire watches of what filters do. A filter that stands for itself never writes these, and the compiler drops them.

/** Of the policy at work, or of the last one. */
export let flags: u32 = 0;
/** Whether it has done something, when it is audited. */
export let acted: bool = false;
/** Whether the request was answered. */
export let answered: bool = false;
/** Whether an audited policy would have ended the stream, by an answer or without one. */
export let ended: bool = false;
/** The directions, as bits, in which the filter has let go on what it had paused. */
export let resumed: u32 = 0;
/** Whether a call was begun for a stream. */
export let called: bool = false;
/** A function that says of a header's name, in lower case, whether a filter must not write it. */
let refuses: usize = 0;
/** The details of answers, zero for those of a filter that stands for itself. */
export let details: Bytes = 0;

export const AUDIT: u32 = 2;

/** Keeps a record of what policies do, a function; 0 where nobody wants one, and the compiler drops it. */
let recorder: usize = 0;

/** What is recorded: the policy at work changes something, or ends the stream; it has an `Allow`; none of those that had one admits the stream; none of its own does, where it is audited; and the end of the callback. */
export const CHANGES: u32 = 0;
export const ENDS: u32 = 1;
export const JUDGES: u32 = 2;
export const REFUSES: u32 = 3;
export const MISSES: u32 = 4;
export const LEAVES: u32 = 5;

export function recordBy(record: (event: u32) => void): void {
  recorder = changetype<usize>(record);
}

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
export function note(event: u32): void {
  if (recorder != 0) changetype<(event: u32) => void>(recorder)(event);
}

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
export function setFlags(given: u32): void {
  flags = given;
}

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
export function setActed(given: bool): void {
  acted = given;
}

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
export function setAnswered(given: bool): void {
  answered = given;
}

/** Said once a callback has ended. */
export function forgetEnd(): void {
  ended = false;
  called = false;
  resumed = 0;
}

/** Said when the filter lets go on what it had paused: 0 of the request or the client, 1 of the response or the server. */
export function noteResumed(direction: u32): void {
  resumed |= 1 << direction;
}

/** Said when a stream may wait for an answer from now on. */
export function noteCalled(): void {
  called = true;
}

/**
 * Whether an audited policy is not to pause this way: it holds nothing up but for a body of which more is to come, `last` saying that none is,
 * since what it waits for else may never come.
 */
export function passes(direction: u32, last: u32): bool {
  return audits() && (ended || called || last != 0 || ((resumed >> direction) & 1) != 0);
}

/** Asked before the end of a stream, as `holdsBack` is before a change. */
export function holdsBackEnd(): bool {
  note(ENDS);
  ended = ended || audits();
  return holdsBack();
}

/** Refuse names of headers, and tell the filter's answers from others. */
export function restrictTo(isReserved: (name: Bytes) => bool, answerDetails: Bytes): void {
  refuses = changetype<usize>(isReserved);
  details = answerDetails;
}

/** Whether this name, in any case, must not be written. It costs nothing where nobody refuses anything. */
export function isRefused(name: Bytes): bool {
  return refuses != 0 && name != MISSING && changetype<(name: Bytes) => bool>(refuses)(lowered(name));
}

/** Whether there are names that must not be written. */
export function restricts(): bool {
  return refuses != 0;
}

/** Asked before a change: whether the policy at work is audited, so that the change is counted and not made. */
export function holdsBack(): bool {
  // Only ever set: of a flag that may be written back, the compiler keeps the writing.
  if (audits() && !looked) acted = true;
  return audits();
}

/** The same before a change of what passes, and not only of what is kept beside it. */
export function holdsBackChange(): bool {
  note(CHANGES);
  return holdsBack();
}

/** Whether the policy at work is audited. For what is no act, but must not be seen by others: state. */
export function audits(): bool {
  return (flags & AUDIT) != 0;
}
