import { bytes } from "./bytes";
import { wasAnswered } from "./code-details";

const OURS: usize = memory.data<u8>([119, 105, 114, 101, 95, 112, 111, 108, 105, 99, 121]);

/** Whether a policy gave this answer itself: policies for responses are for those of the service. */
export function isOwnAnswer(): bool {
  return wasAnswered(bytes(OURS, 11));
}
