import fc from "fast-check";
import { expect, test } from "vitest";
import { checkCase, noCounts } from "../../controlplane/placement/check-case.test-helper.ts";
import { randomCases } from "../../controlplane/placement/random-cases.test-helper.ts";

test("4,000 random meshes, placed as cheaply as brute force and as an independent reading of the design", async () => {
  const counts = noCounts();
  const seed = Math.trunc(Math.random() * 2 ** 31);
  await fc.assert(
    fc.asyncProperty(randomCases, async (drawn) => await checkCase(drawn, counts)),
    { numRuns: 4_000, seed },
  );
  const figures = Object.entries(counts).map(([kind, count]) => `${count.toLocaleString("en")} ${kind}`);
  console.log(`placement: seed ${seed}: ${figures.join(", ")}`);
  const { placed, homeless, torn, undecided } = counts;
  expect(placed + homeless + torn + undecided).toBe(4_000);
  expect(placed).toBeGreaterThan(2_000);
});
