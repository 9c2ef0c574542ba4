import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../mesh/random.ts";
import { estimate, overlap } from "./statistics.ts";

test("of five rounds the interval is all of them, and 94 % sure; of more it leaves the ends out", () => {
  expect(estimate([5, 1, 4, 2, 3])).toEqual({ median: 3, low: 1, high: 5, confidence: 0.9375, rounds: 5 });
  expect(estimate([1, 2, 3, 4])).toMatchObject({ median: 2.5, low: 1, high: 4, confidence: 0.875 });
  expect(estimate([1, 2, 3, 4, 5, 6, 7, 8, 9])).toMatchObject({ median: 5, low: 2, high: 8 });
  // The next pair of eight is 93 % sure.
  expect(estimate([1, 2, 3, 4, 5, 6, 7, 8])).toMatchObject({ median: 4.5, low: 1, high: 8 });
  expect(estimate([7])).toEqual({ median: 7, low: 7, high: 7, confidence: 0, rounds: 1 });
  expect(estimate([])).toBeUndefined();
});

test("the interval holds the true median as often as it says", () => {
  // Of an exponential distribution, which is as skewed as latencies are; its median is the logarithm of 2.
  const draws = random(7);
  for (const rounds of [3, 5, 8, 12]) {
    const times = 4_000;
    let [held, said] = [0, 0];
    for (let time = 0; time < times; time++) {
      const figures = Array.from({ length: rounds }, () => -Math.log(1 - draws.next()));
      const { low = 1, high = 0, confidence = 0 } = estimate(figures) ?? {};
      if (low <= Math.LN2 && Math.LN2 <= high) held++;
      said = confidence;
    }
    // Four standard deviations of that many tosses.
    expect(Math.abs(held / times - said)).toBeLessThan(4 * Math.sqrt((said * (1 - said)) / times));
  }
});

test("an interval holds its median, whatever the order of the figures", () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (figures) => {
      const found = estimate(figures);
      expect(found).toEqual(estimate(figures.toReversed()));
      expect(found?.low).toBeLessThanOrEqual(found?.median ?? Number.NaN);
      expect(found?.high).toBeGreaterThanOrEqual(found?.median ?? Number.NaN);
    }),
  );
});

test("two estimates may be the same where their intervals meet", () => {
  const of = (low: number, high: number) => ({ median: low, low, high, confidence: 0.9, rounds: 5 });
  expect(overlap(of(1, 3), of(3, 5))).toBe(true);
  expect(overlap(of(4, 5), of(1, 3))).toBe(false);
  expect(overlap(of(1, 3), of(4, 5))).toBe(false);
});
