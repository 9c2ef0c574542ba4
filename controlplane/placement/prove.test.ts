import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Network } from "./network.ts";
import { type Helper, provesLeast } from "./prove.ts";
import { leastOf, randomNetworks } from "./random-networks.test-helper.ts";
import { proveLeast } from "./solver.ts";

const manyDigits = randomNetworks({ sizeMax: 7, widthMax: 3, density: 90, infinite: 4, costMax: 2 ** 45 });
const networks = fc.oneof(randomNetworks({ sizeMax: 6, widthMax: 4, infinite: 20 }), manyDigits);
const isOver = (): boolean => false;

describe("what is proved is so, and what is so is proved", () => {
  /** Messages and shares that have nothing to do with the network, of any size. */
  const anyHint = (seed: number, size: number): Helper["hint"] => {
    let last = seed;
    const next = (): number => {
      last = (last * 48_271) % 2_147_483_647;
      return last / 2_147_483_647;
    };
    const some = (length: number): Float64Array =>
      Float64Array.from({ length }, () => (next() - 0.5) * size * next());
    return ({ width, size: count, links }: Network) => ({
      messages: links.map(() => ({ toA: some(width), toB: some(width) })),
      shares: Float64Array.from({ length: count * width }, next),
    });
  };
  test.each([
    ["without a hint", () => () => undefined, 150],
    ["with hints that are wrong", (seed: number) => anyHint(seed, 100), 100],
    ["with hints that are wrong and large", (seed: number) => anyHint(seed, 2 ** 52), 100],
  ] as const)("%s", (_, hintOf, numRuns) => {
    const counts = { infeasible: 0, proved: 0 };
    fc.assert(
      fc.property(networks, fc.integer({ min: 1, max: 2_147_483_646 }), (network, seed) => {
        const least = leastOf(network);
        counts[least === undefined ? "infeasible" : "proved"]++;
        const helper = { hint: hintOf(seed), isOver };
        expect(provesLeast(network, least?.cost ?? 2 ** 48, helper)).toBe(true);
        if (least !== undefined) expect(provesLeast(network, least.cost + 1, helper)).toBe(false);
      }),
      { numRuns, seed: 6 },
    );
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(10);
  });

  test("with the solver's", async () => {
    let proved = 0;
    await fc.assert(
      fc.asyncProperty(manyDigits, async (network) => {
        const least = leastOf(network);
        if (least === undefined) return;
        proved++;
        for (const more of [0, 1])
          expect(await proveLeast({ network, cost: least.cost + more, timeLimitS: 60 })).toMatchObject({
            isLeast: more === 0,
          });
      }),
      { numRuns: 40, seed: 6 },
    );
    expect(proved).toBeGreaterThan(15);
  });
});

test("nothing is proved without time", () => {
  const [network] = fc.sample(manyDigits, { numRuns: 1, seed: 6 });
  if (network === undefined) throw new Error("there is a network");
  expect(provesLeast(network, 0, { hint: () => undefined, isOver: () => true })).toBe(false);
});
