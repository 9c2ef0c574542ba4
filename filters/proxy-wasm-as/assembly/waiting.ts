import { bytes, equal, property } from "./bytes";
import { phase, stream } from "./phase";
import { answer } from "./policy";

// Streams whose policies wait for a body, as the stream's number and the phase. A worker that has as many of them as there is room for
// answers 503: to go on without the body would be to let through what a policy might deny.
const ROOM: u32 = 4096;
// @ts-ignore: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@lazy const waiting: usize = memory.data(32768);
let count: u32 = 0;

const CODE_DETAILS: usize = memory.data<u8>([
  114, 101, 115, 112, 111, 110, 115, 101, 0, 99, 111, 100, 101, 95, 100, 101, 116, 97, 105, 108, 115,
]);
const OURS: usize = memory.data<u8>([119, 105, 114, 101, 95, 112, 111, 108, 105, 99, 121]);

/** Hold the headers back until the body is there; what the callback returns. */
export function wait(): u32 {
  if (count == ROOM) {
    answer(503, 0);
    return 1;
  }
  store<u32>(waiting + count * 8, stream);
  store<u32>(waiting + count * 8 + 4, phase);
  count++;
  __collect();
  return 1;
}

/** Whether a stream waits in this phase. */
export function isWaiting(context: u32, headers: u32): bool {
  return placeOf(context, headers) < count;
}

/** It waits no longer. */
export function resume(context: u32, headers: u32): void {
  const place = placeOf(context, headers);
  if (place == count) return;
  count--;
  store<u64>(waiting + place * 8, load<u64>(waiting + count * 8));
}

/** Whether a policy gave this answer itself: policies for responses are for those of the service. */
export function isOwnAnswer(): bool {
  return equal(property(bytes(CODE_DETAILS, 21)), bytes(OURS, 11));
}

function placeOf(context: u32, headers: u32): u32 {
  let place: u32 = 0;
  while (place < count && (load<u32>(waiting + place * 8) != context || load<u32>(waiting + place * 8 + 4) != headers)) place++;
  return place;
}
