import { StreamType } from "./enums";
import { proxy_continue_stream } from "./env";
import { turnBack, turnTo } from "./kept";

// What a callback lets go, Envoy lets go once that has ended, or one that it calls inside of it. Where these are called since a body was made too large, the request
// has been answered already: let go then, it has its connection wait for ever. So a filter that writes bodies says at the end of its callback what it has let go.

/** The request that is to go on; 0 when there is none. */
export let leaving: u32 = 0;

export function setLeaving(stream: u32): void {
  leaving = stream;
}

/** Have a request go on at the end of the callback. */
export function leaveLater(stream: u32): void {
  if (leaving != stream) letLeave();
  leaving = stream;
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
