import fc from "fast-check";
import { expect, test } from "vitest";
import { type Network, weightOf } from "./network.ts";
import { bestOf, randomNetworks } from "./random-networks.test-helper.ts";
import { reduce } from "./reduce.ts";

/** Some fall apart, some are impossible, and of some the reductions leave something. */
const sparse = randomNetworks({ sizeMax: 6, widthMax: 4, infinite: 20 });
/** Every variable has every other one for a neighbour: the reductions come to no end. */
const dense = randomNetworks({ sizeMax: 7, widthMax: 3, density: 90, infinite: 4 });

test("the reductions keep the optimum, its cost and its moves", () => {
  const counts = { infeasible: 0, decided: 0, left: 0 };
  const check = (network: Network): void => {
    const best = bestOf(network);
    const least = best && weightOf(network, best);
    const reduced = reduce(network);
    if (reduced.kind === "infeasible") {
      expect(least).toBeUndefined();
      counts.infeasible++;
      return;
    }
    const { kernel } = reduced;
    const left = bestOf(kernel.network);
    counts[kernel.variables.length === 0 ? "decided" : "left"]++;
    if (left === undefined) {
      expect(least).toBeUndefined();
      return;
    }
    const { cost, moves } = weightOf(kernel.network, left);
    expect({ cost: cost + kernel.cost, moves: moves + kernel.moves }).toEqual(least);
    expect(weightOf(network, kernel.complete(left))).toEqual(least);
  };
  fc.assert(fc.property(sparse, check), { numRuns: 1_500, seed: 6 });
  fc.assert(fc.property(dense, check), { numRuns: 60, seed: 6 });
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(10);
});
