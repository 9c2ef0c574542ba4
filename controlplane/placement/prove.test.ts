import fc from "fast-check";
import { expect, test } from "vitest";
import { provesLeast } from "./prove.ts";
import { leastOf, randomNetworks } from "./random-networks.test-helper.ts";

test("what is proved is so, and what is so is proved", () => {
  const networks = fc.oneof(
    randomNetworks({ sizeMax: 6, widthMax: 4, infinite: 20 }),
    randomNetworks({ sizeMax: 7, widthMax: 3, density: 90, infinite: 4, costMax: 2 ** 45 }),
  );
  const counts = { infeasible: 0, proved: 0 };
  fc.assert(
    fc.property(networks, (network) => {
      const least = leastOf(network);
      counts[least === undefined ? "infeasible" : "proved"]++;
      expect(provesLeast(network, least?.cost ?? Number.MAX_SAFE_INTEGER)).toBe(true);
      if (least !== undefined) expect(provesLeast(network, least.cost + 1)).toBe(false);
    }),
    { numRuns: 300, seed: 6 },
  );
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(20);
});
