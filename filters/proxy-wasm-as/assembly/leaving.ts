import { StreamType } from "./enums";
import { proxy_continue_stream } from "./env";
import { turnBack, turnTo } from "./kept";

// What a callback lets go, Envoy lets go once that has ended, or one that it calls inside of it. Where these are called since a body was made too large, the request
// has been answered already: let go then, it has its connection wait for ever. And trailers of a request that are let go and then go on by what their callback returns
// are sent twice: what comes second stands where the next request begins. So a filter that does one of these says at the end of its callback what it has let go.

/** The request that is to go on; 0 when there is none. */
export let leaving: u32 = 0;
/** The request whose trailers are looked at. */
let trailing: u32 = 0;

export function setLeaving(stream: u32): void {
  leaving = stream;
}

/** Said before a filter looks at the trailers of a request. */
export function lookAtTrailers(stream: u32): void {
  trailing = stream;
}

/** Said when it has: with 0 they go on. */
export function passTrailers(flow: u32): void {
  if (flow == 0 && leaving == trailing) leaving = 0;
  trailing = 0;
}

/** Whether it is about the trailers of this request, and has not said yet whether they are to wait. */
export function isTrailing(stream: u32): bool {
  return trailing != 0 && trailing == stream;
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
