import fc from "fast-check";
import { expect, test } from "vitest";
import { type Counts, checkCase } from "./check-case.test-helper.ts";
import { randomCases } from "./random-cases.test-helper.ts";

test("an independent reading of the design agrees", { timeout: 120_000 }, async () => {
  const counts: Counts = { placed: 0, kept: 0, homeless: 0, torn: 0, undecided: 0 };
  await fc.assert(
    fc.asyncProperty(randomCases, async (drawn) => await checkCase(drawn, counts)),
    { numRuns: 500, seed: 25 },
  );
  console.log(counts);
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(10);
});
