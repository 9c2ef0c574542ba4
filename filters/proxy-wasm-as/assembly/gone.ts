// An audited policy holds nothing up, so that an answer that it asked for may come when the stream has gone. It is told all the same, for what it
// would have done to be counted. Nothing of the stream is left to be read.

/** The stream that the answer at hand is for, where that has gone; else 0. A filter that stands for itself never writes it, and the compiler drops it. */
export let gone: u32 = 0;
/** Whether the filter has looked at that stream: what it does then says nothing. */
export let looked: bool = false;

/** Said before the answer to a stream that has gone, and with 0 after it. */
export function setGone(stream: u32): void {
  gone = stream;
  looked = false;
}

/** Said when something of a stream is read. */
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@inline
export function noteLook(): void {
  if (gone != 0) looked = true;
}
