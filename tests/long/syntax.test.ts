import fc from "fast-check";
import { expect, test } from "vitest";
import { anyText, checkSyntax, writtenWell } from "../random-syntax.ts";

test("100,000 texts: reading, checking and laying out never throw", () => {
  fc.assert(
    fc.property(anyText, (source) => void checkSyntax(source)),
    { numRuns: 100_000 },
  );
});

test("20,000 policies: laying out keeps meaning and comments, and settles at once", () => {
  fc.assert(
    fc.property(writtenWell, (source) => {
      expect(checkSyntax(source).isFormatted).toBe(true);
    }),
    { numRuns: 20_000 },
  );
});
