// Envoy keeps no more of a body than its limit. Where a filter writes more, it answers, or ends the stream, at once: callbacks of that stream are called while
// the one that writes waits for the host. They must leave to it what it has made, and whom it is for. Of a filter that writes no bodies
// nothing is ever written here, and the compiler drops what asks for it.

/** Whether a callback is called inside of another one. */
export let isInside: bool = false;

export function setInside(given: bool): void {
  isInside = given;
}
