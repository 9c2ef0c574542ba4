import { expect, test } from "vitest";
import { modes } from "./mode.ts";
import { loadsOf, plan, warmUpOf } from "./plan.ts";

const rates = { compared: 10, others: [2, 5, 16, 24] };
const of = (seed: number) =>
  plan({
    rates: new Map([
      ["a", rates],
      ["b", rates],
    ]),
    scenarios: ["p1", "p1p2"],
    meshes: modes,
    rounds: 5,
    seconds: 10,
    seed,
  });

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

test("the rate at which meshes are compared is first in all rounds, the others follow in the first three for half as long", () => {
  for (const { round, loads } of of(1))
    expect(loads).toEqual([
      { rate: 10, seconds: 10 },
      ...(round > 3 ? [] : rates.others.map((rate) => ({ rate, seconds: 5 }))),
    ]);
});

test("a rate is measured once where several shares of a low one are equal", () => {
  expect(loadsOf({ compared: 1, others: [1, 1, 2, 2] }, 5)).toEqual([
    { rate: 1, seconds: 5 },
    { rate: 2, seconds: 3 },
  ]);
});

test("what is measured first after a start has a longer warm-up, whatever was measured before that start", () => {
  const warmUp = { afterStart: 10, each: 2 };
  expect([0, 1, 2].map((at) => warmUpOf(at, warmUp))).toEqual([10, 2, 2]);
  expect(warmUpOf(0, { afterStart: 0, each: 2 })).toBe(2);
});
