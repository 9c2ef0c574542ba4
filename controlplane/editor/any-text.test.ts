import fc from "fast-check";
import { test } from "vitest";
import { anyText, askEverything } from "./any-text.test-helper.ts";

test("no text and no place in it makes anything throw", () => {
  fc.assert(fc.property(anyText, askEverything), { numRuns: 1_000 });
});

test("what nests deeply is no exception", () => {
  for (const part of ["(", "a.B(", "{", "if (a) ", "a.B().", "!", "let a = (", "policy p (context ("]) {
    const text = `policy p (act (Request r) context ('a')) { ${part.repeat(3_000)}`;
    askEverything({ path: "a.cup", text, offset: text.length });
    askEverything({ path: "a.cup", text, offset: 2_000 });
  }
});
