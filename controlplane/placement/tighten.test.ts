import fc from "fast-check";
import { expect, test } from "vitest";
import { leastOf, randomNetworks } from "./random-networks.test-helper.ts";
import { tighten } from "./tighten.ts";

const networks = randomNetworks({ sizeMax: 6, widthMax: 4, infinite: 20 });

test("to tighten changes no assignment's cost, and its bound is one", () => {
  const counts = { met: 0, below: 0 };
  fc.assert(
    fc.property(networks, (network) => {
      const { network: tight, bound } = tighten(network);
      const least = leastOf(network);
      expect(leastOf(tight)).toEqual(least);
      if (least === undefined) return;
      expect(bound).toBeLessThanOrEqual(least.cost);
      counts[bound === least.cost ? "met" : "below"]++;
    }),
    { numRuns: 1_000, seed: 6 },
  );
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(100);
});
