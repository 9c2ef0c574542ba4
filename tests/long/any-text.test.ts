import fc from "fast-check";
import { expect, test } from "vitest";
import { anyText, askEverything } from "../../controlplane/editor/any-text.test-helper.ts";

test("100,000 texts into parser, checker and editor, and nothing throws", () => {
  let inputs = 0;
  fc.assert(
    fc.property(anyText, (any) => {
      inputs++;
      askEverything(any);
    }),
    { numRuns: 100_000 },
  );
  console.log(`any text: ${inputs.toLocaleString("en")} inputs into parser, checker and editor, none threw`);
  expect(inputs).toBeGreaterThanOrEqual(100_000);
});
