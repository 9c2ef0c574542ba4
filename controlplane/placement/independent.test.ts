import fc from "fast-check";
import { expect, test } from "vitest";
import { checkCase, noCounts } from "./check-case.test-helper.ts";
import { lateCases, randomCases, routedCases, stampedCases, tiedCases } from "./random-cases.test-helper.ts";

// Thousands are in `tests/long/placement.test.ts`.
test("an independent reading of the design agrees", async () => {
  const counts = noCounts();
  await fc.assert(
    fc.asyncProperty(randomCases, async (drawn) => await checkCase(drawn, counts)),
    { numRuns: 120, seed: 25 },
  );
  expect(counts.placed).toBeGreaterThan(40);
  expect(counts.nearer).toBeGreaterThan(2);
  expect(counts.changed).toBeGreaterThan(50);
  expect(counts.homeless).toBeGreaterThan(8);
  expect(counts.torn).toBeGreaterThan(2);
});

test("of placements that cost the same, that with the fewest moves is taken", async () => {
  const counts = noCounts();
  await fc.assert(
    fc.asyncProperty(tiedCases, async (drawn) => await checkCase(drawn, counts)),
    { numRuns: 100, seed: 6 },
  );
  expect(counts.nearer).toBeGreaterThan(20);
});

test("a route that is fixed decides the version for what comes after it", async () => {
  const counts = noCounts();
  await fc.assert(
    fc.asyncProperty(routedCases, async (drawn) => await checkCase(drawn, counts)),
    { numRuns: 200, seed: 9 },
  );
  expect(counts.decided).toBeGreaterThan(2);
});

test("what proxies do behind their policies means the same at each side that cost may choose", async () => {
  const counts = noCounts();
  await fc.assert(
    fc.asyncProperty(lateCases, async (drawn) => await checkCase(drawn, counts)),
    { numRuns: 100, seed: 17 },
  );
  expect(counts.placed).toBeGreaterThan(50);
  expect(counts.torn).toBeGreaterThan(1);
});

test("where paths decide, the stamps that suffice are part of the optimum", async () => {
  const counts = noCounts();
  await fc.assert(
    fc.asyncProperty(stampedCases, async (drawn) => await checkCase(drawn, counts)),
    { numRuns: 80, seed: 8 },
  );
  expect(counts.stamped).toBeGreaterThan(8);
});
