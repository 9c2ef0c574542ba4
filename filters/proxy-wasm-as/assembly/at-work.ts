import { ended, setEnded } from "./context";
import { gone } from "./gone";
import { hasEnded, noteEnd } from "./kept";

/** The stream that is over. Envoy crashes when one that is being logged or has gone is answered, reset or let go. */
let over: u32 = 0;

/** The stream whose response is looked at. Envoy sends what is let go there twice, and crashes when that is the end of it. */
export let responding: u32 = 0;

/** Said before a stream is logged, and before it goes: nothing can be done to it any more. */
export function endStream(context: u32): void {
  over = context;
  noteEnd(context);
}

/** Said when the filter answers or resets a stream. */
export function endByFilter(context: u32): void {
  setEnded(context);
  noteEnd(context);
}

/** Whether nothing can be done to this stream any more, or in this callback. Of one that has gone and is only counted, what could have been done is what counts. */
export function isOver(context: u32): bool {
  return (over == context || ended == context || hasEnded(context)) && gone == 0;
}

/** Said before a filter looks at a response, and with 0 after that. */
export function lookAtResponse(context: u32): void {
  responding = context;
}

/** Whether the filter is asked about this response, and has not said yet whether it is to wait. */
export function isLookedAt(context: u32): bool {
  return responding == context;
}
