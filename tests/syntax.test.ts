import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyText, checkSyntax, writtenWell } from "./random-syntax.ts";

describe("reading, checking and laying out", () => {
  test("never throw, on any text", () => {
    fc.assert(
      fc.property(anyText, (source) => void checkSyntax(source)),
      { numRuns: 3_000 },
    );
  });
  test("keep meaning and comments, and settle at once", () => {
    fc.assert(
      fc.property(writtenWell, (source) => {
        expect(checkSyntax(source).isFormatted).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
