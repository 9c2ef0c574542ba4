import { strict as assert } from "node:assert";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { declaredDataplanes } from "../language/check-imports.ts";
import { checkPolicies } from "../language/check-policies.ts";
import { generateSeedFamily } from "../mesh/generate-seed-family.ts";
import { componentsOf, restrict } from "./components.ts";
import { dive } from "./dive.ts";
import { type Network, type Table, weightOf, withoutCosts } from "./network.ts";
import { optimize } from "./optimize.ts";
import { placementNetwork } from "./placement-network.ts";
import { priced } from "./priced.ts";
import { problem } from "./problem.ts";
import { leastOf, randomNetworks } from "./random-networks.test-helper.ts";
import { seatsOf } from "./seats.ts";

/** Some fall apart, some are impossible, and of some the reductions leave something. */
const sparse = randomNetworks({ sizeMax: 6, widthMax: 4, infinite: 20 });
/** Every variable has every other one for a neighbour: the reductions come to no end. */
const dense = randomNetworks({ sizeMax: 7, widthMax: 3, density: 90, infinite: 4 });
const timeLimitS = 60;

test("parts have their optima for themselves", () => {
  fc.assert(
    fc.property(randomNetworks({ sizeMax: 6, widthMax: 3, infinite: 5, density: 10 }), (network) => {
      const parts = componentsOf(network);
      expect(parts.flat().sort()).toEqual(Array.from({ length: network.size }, (_, variable) => variable));
      const least = parts.map((variables) => leastOf(restrict(network, variables)));
      const costs = least.map((part) => part?.cost ?? Number.POSITIVE_INFINITY);
      expect(costs.reduce((a, b) => a + b, 0)).toBe(leastOf(network)?.cost ?? Number.POSITIVE_INFINITY);
    }),
    { numRuns: 300, seed: 6 },
  );
});

test("a guess is possible, if it is not the best", () => {
  const counts = { best: 0, worse: 0, none: 0 };
  fc.assert(
    fc.property(dense, (network) => {
      const guess = dive(network);
      const least = leastOf(network);
      const cost = guess && weightOf(network, guess).cost;
      if (cost === undefined) counts.none++;
      else {
        expect(cost).toBeLessThan(Number.POSITIVE_INFINITY);
        expect(cost).toBeGreaterThanOrEqual(least?.cost ?? Number.POSITIVE_INFINITY);
        counts[cost === least?.cost ? "best" : "worse"]++;
      }
    }),
    { numRuns: 100, seed: 6 },
  );
  expect(counts.best).toBeGreaterThan(10);
});

describe("the whole way: cheapest, proved, and of the cheapest the nearest", () => {
  const many = (costMax: number, unit = 1) =>
    randomNetworks({ sizeMax: 7, widthMax: 3, density: 90, infinite: 4, costMax, unit });
  test.each([
    ["sparse", sparse, 1_000],
    ["dense", dense, 80],
    ["dense, where nothing moves", dense.map(withoutMoves), 80],
    ["dense, where nothing costs", dense.map(withoutCosts), 60],
    ["dense, of costs that are large", many(9, 1_000_000_007), 60],
    ["dense, of costs with many digits", many(3_000_000), 60],
    ["dense, of costs with as many digits as are exact", many(2 ** 45), 60],
  ] as const)("%s", async (_, networks, numRuns) => {
    const counts = { infeasible: 0, proved: 0 };
    await fc.assert(
      fc.asyncProperty(networks, async (network) => {
        const least = leastOf(network);
        const optimum = await optimize(network, timeLimitS);
        if (optimum.kind !== "solved") {
          expect([optimum.kind, least]).toEqual(["infeasible", undefined]);
          counts.infeasible++;
          return;
        }
        const { values, cost, bound } = optimum;
        expect(weightOf(network, values)).toEqual(least);
        expect(cost).toBe(least?.cost);
        expect(bound).toBe(cost);
        counts.proved++;
      }),
      { numRuns, seed: 6 },
    );
    expect(counts.proved).toBeGreaterThan(numRuns / 6);
  });
});

test("costs with many digits are proved where a quarter of two hundred services are left to the solver", async () => {
  const { mesh, sources } = generateSeedFamily({ size: "large", pinned: "nothing", seed: 1 });
  const { policies } = checkPolicies(sources);
  // What requests cost makes every number one of nine digits and more.
  const dataplanes = priced(declaredDataplanes(sources)).map((each, number) => ({
    ...each,
    cost: each.cost + 0.134_257 * (number + 1),
    requestCost: 0.000_731 * (number + 3),
  }));
  const calls = mesh.calls.map((call, number) => ({ ...call, rate: ((number * 48_271) % 9_001) / 1_000 }));
  const model = problem(policies, { ...mesh, calls }, dataplanes);
  const optimum = await optimize(placementNetwork(model, seatsOf(model, undefined)).network, timeLimitS);
  assert(optimum.kind === "solved");
  expect(optimum.cost).toBeGreaterThan(1e8);
  expect(optimum.bound).toBe(optimum.cost);
});

function withoutMoves(network: Network): Network {
  const still = ({ cost }: Table): Table => ({ cost, moves: new Float64Array(cost.length) });
  return {
    ...network,
    unary: still(network.unary),
    links: network.links.map((link) => ({ ...link, table: still(link.table) })),
  };
}
