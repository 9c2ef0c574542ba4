import fc from "fast-check";
import { expect, test } from "vitest";
import { checkCase, noCounts } from "../../controlplane/placement/check-case.test-helper.ts";
import {
  lateCases,
  randomCases,
  routedCases,
  stampedCases,
  tiedCases,
} from "../../controlplane/placement/random-cases.test-helper.ts";
import { seedOr } from "../seed.ts";

test.each([
  ["4,000 random meshes", randomCases, 4_000],
  ["1,000 where most ways cost the same", tiedCases, 1_000],
  ["1,000 with routes and versions", routedCases, 1_000],
  ["2,000 where the paths of requests decide", stampedCases, 2_000],
  ["2,000 with much that proxies do themselves", lateCases, 2_000],
] as const)(
  "%s, placed like brute force and an independent reading of the design",
  async (name, cases, numRuns) => {
    const counts = noCounts();
    const seed = seedOr();
    await fc.assert(
      fc.asyncProperty(cases, async (drawn) => await checkCase(drawn, counts)),
      { numRuns, seed },
    );
    const figures = Object.entries(counts).map(([kind, count]) => `${count.toLocaleString("en")} ${kind}`);
    console.log(`placement: ${name}, seed ${seed}: ${figures.join(", ")}`);
    const { placed, homeless, torn, undecided } = counts;
    expect(placed + homeless + torn + undecided).toBe(numRuns);
    expect(placed).toBeGreaterThan(numRuns / 2);
  },
);
