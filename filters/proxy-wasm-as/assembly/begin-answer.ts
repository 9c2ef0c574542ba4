import { enter } from "./context";
import { Status } from "./enums";
import { proxy_set_effective_context } from "./env";
import { setGone } from "./gone";

/** Said before a stream hears what came of its call; `isGone` of one that is only told for the count's sake. False when there is nobody to hear it. */
export function beginAnswer(stream: u32, isGone: bool): bool {
  if (isGone) {
    // What it asks the host for is the plugin's.
    setGone(stream);
    return true;
  }
  if (proxy_set_effective_context(stream) != Status.Ok) return false;
  enter(stream);
  return true;
}
