import { Status } from "./enums";
import { proxy_done } from "./env";

/**
 * What `onDone` has answered false for is over, and the configuration at work may go. To be called in `onTick`, `onQueue`, `onForeign` or in the answer to a call of the
 * plugin's own. `NotFound` when nobody waits for it. `proxy_done`.
 */
export function done(): Status {
  return proxy_done();
}
