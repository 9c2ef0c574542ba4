import { bytes, equal, property } from "./bytes";

const CODE_DETAILS: usize = memory.data<u8>([
  114, 101, 115, 112, 111, 110, 115, 101, 0, 99, 111, 100, 101, 95, 100, 101, 116, 97, 105, 108, 115,
]);
const OURS: usize = memory.data<u8>([119, 105, 114, 101, 95, 112, 111, 108, 105, 99, 121]);

/** Whether a policy gave this answer itself: policies for responses are for those of the service. */
export function isOwnAnswer(): bool {
  return equal(property(bytes(CODE_DETAILS, 21)), bytes(OURS, 11));
}
