import { Bytes, bytes, equal, MISSING, property } from "./bytes";

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@lazy const CODE_DETAILS: usize = memory.data<u8>([
  114, 101, 115, 112, 111, 110, 115, 101, 0, 99, 111, 100, 101, 95, 100, 101, 116, 97, 105, 108, 115,
]);
// "via_upstream"
function VIA_UPSTREAM(): Bytes { return bytes(memory.data<u8>([118, 105, 97, 95, 117, 112, 115, 116, 114, 101, 97, 109]), 12); }

/** Whether the response was given with these details. */
export function wasAnswered(details: Bytes): bool {
  return equal(codeDetails(), details);
}

/** Whether the service has given the response, and the client has not left before the end of it. */
export function wasAnsweredByService(): bool {
  return equal(codeDetails(), VIA_UPSTREAM());
}

/** Whether the response was given by somebody else than the service, be it another filter: the request goes no further. */
export function wasAnsweredInstead(): bool {
  const details = codeDetails();
  return details != MISSING && !equal(details, VIA_UPSTREAM());
}

/** Whether the response has begun: who gives it says why. */
export function hasResponse(): bool {
  return codeDetails() != MISSING;
}

function codeDetails(): Bytes {
  return property(bytes(CODE_DETAILS, 21));
}
