import { Bytes, bytes, equal, MISSING, property } from "./bytes";

// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@lazy const CODE_DETAILS: usize = memory.data<u8>([
  114, 101, 115, 112, 111, 110, 115, 101, 0, 99, 111, 100, 101, 95, 100, 101, 116, 97, 105, 108, 115,
]);

/** Whether the response was given with these details. */
export function wasAnswered(details: Bytes): bool {
  return equal(codeDetails(), details);
}

/** Whether the response has begun: who gives it says why. */
export function hasResponse(): bool {
  return codeDetails() != MISSING;
}

function codeDetails(): Bytes {
  return property(bytes(CODE_DETAILS, 21));
}
