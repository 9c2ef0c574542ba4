import { noteContext } from "./kept";

/** The context that the callback was called for: a stream's, or a root context. */
export let context: u32 = 0;

/** Said first in each callback. */
export function enter(given: u32): void {
  context = given;
  noteContext(given);
}
