import { expect, test } from "vitest";
import { modes } from "./mode.ts";
import { plan } from "./plan.ts";

const of = (seed: number) =>
  plan({ applications: ["a", "b"], scenarios: ["p1", "p1p2"], meshes: modes, rounds: 5, seed });

test("in each round everything has one turn, and each application all its meshes one after the other", () => {
  const turns = of(1);
  expect(turns).toHaveLength(5 * 2 * 2 * modes.length);
  expect(turns.map(({ round }) => round)).toEqual(turns.map(({ round }) => round).toSorted((a, b) => a - b));
  for (let from = 0; from < turns.length; from += modes.length) {
    const together = turns.slice(from, from + modes.length);
    expect(new Set(together.map(({ application, scenario }) => `${application} ${scenario}`)).size).toBe(1);
    expect(together.map(({ mesh }) => mesh).sort()).toEqual([...modes].sort());
  }
});

test("the order of the meshes is another one from time to time, and the same by the same seed", () => {
  const firsts = of(1).filter((_, at) => at % modes.length === 0);
  expect(new Set(firsts.map(({ mesh }) => mesh)).size).toBeGreaterThan(1);
  expect(of(1)).toEqual(of(1));
  expect(of(1)).not.toEqual(of(2));
});
