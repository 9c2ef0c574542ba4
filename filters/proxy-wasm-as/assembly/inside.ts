// Envoy keeps no more of a body than its limit. Where a filter writes more, it answers, or ends the stream, at once: callbacks of that stream are called while
// the one that writes waits for the host. They must leave to it what it has made, and whom it is for. Of a filter that writes no bodies
// nothing is ever written here, and the compiler drops what asks for it.

/** The context of the callback that waits, inside of which another one is called; else 0. */
export let waiting: u32 = 0;

export function setWaiting(context: u32): void {
  waiting = context;
}
