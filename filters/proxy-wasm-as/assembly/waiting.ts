import { proxy_define_metric, proxy_increment_metric } from "./env";
import { phase, stream } from "./phase";
import { answer } from "./policy";

// Streams whose policies wait for a body, as the stream's number and the phase. A worker has room for so many of them; what comes then
// goes on as if it had no body, unless that would let through what a policy might deny.
const ROOM: u32 = 4096;
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@lazy const waiting: usize = memory.data(32768);
let count: u32 = 0;

// "wire.no_room_for_body"
const NO_ROOM: usize = memory.data<u8>([
  119, 105, 114, 101, 46, 110, 111, 95, 114, 111, 111, 109, 95, 102, 111, 114, 95, 98, 111, 100, 121,
]);
const counter: usize = memory.data(4);

/** Hold the headers back until the body is there; false, and counted, when there is no room. */
export function wait(): bool {
  if (count == ROOM) {
    if (load<u32>(counter) == 0) proxy_define_metric(0, NO_ROOM, 21, counter);
    proxy_increment_metric(load<u32>(counter), 1);
    return false;
  }
  store<u32>(waiting + count * 8, stream);
  store<u32>(waiting + count * 8 + 4, phase);
  count++;
  __collect();
  return true;
}

/** Answer 503, since a policy that is enforced could deny this by a body that it cannot wait for. */
export function refuse(): bool {
  answer(503, 0);
  __collect();
  return true;
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

function placeOf(context: u32, headers: u32): u32 {
  let place: u32 = 0;
  while (place < count && (load<u32>(waiting + place * 8) != context || load<u32>(waiting + place * 8 + 4) != headers)) place++;
  return place;
}
