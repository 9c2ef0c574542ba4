import fc from "fast-check";
import { expect, test } from "vitest";
import { type Network, weightOf } from "./network.ts";
import { programOf } from "./program.ts";
import { leastOf, randomNetworks } from "./random-networks.test-helper.ts";
import { solveProgram } from "./solver.ts";

const networks = [
  randomNetworks({ sizeMax: 7, widthMax: 3, density: 90, infinite: 4 }),
  randomNetworks({ sizeMax: 6, widthMax: 4, density: 60, infinite: 40 }),
  // Tables that say only what is possible.
  randomNetworks({ sizeMax: 6, widthMax: 4, density: 60, infinite: 30, costMax: 0, movesMax: 0 }),
];
const timeLimitS = 60;

test("the solver finds the optimum of the program, and of its optima the nearest", async () => {
  const counts = { infeasible: 0, optimal: 0 };
  await fc.assert(
    fc.asyncProperty(fc.oneof(...networks).filter(hasValues), async (network) => {
      const least = leastOf(network);
      const { program, read, write } = programOf(network);
      const answer = await solveProgram({ program, fewestMoves: true, timeLimitS });
      if (answer.kind !== "optimal") {
        expect([answer.kind, least]).toEqual(["infeasible", undefined]);
        counts.infeasible++;
        return;
      }
      counts.optimal++;
      const values = read(answer.columns);
      expect(weightOf(network, values)).toEqual(least);
      expect(read(write(values))).toEqual(values);
      const columns = write(values);
      expect(dot(columns, program.cost)).toBe(least?.cost);
      expect(dot(columns, program.moves)).toBe(least?.moves);
    }),
    { numRuns: 90, seed: 6 },
  );
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(10);
});

/** Where a variable has no value there is no question. */
function hasValues({ width, size, unary }: Network): boolean {
  return Array.from({ length: size }, (_, variable) => variable * width).every((at) =>
    unary.cost.subarray(at, at + width).some((cost) => cost !== Number.POSITIVE_INFINITY),
  );
}

function dot(columns: Float64Array, weights: Float64Array): number {
  return columns.reduce((sum, each, column) => sum + each * (weights[column] ?? 0), 0);
}
