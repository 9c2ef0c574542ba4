import fc from "fast-check";
import { expect, test } from "vitest";
import { cheapestClosure, type Weight } from "./closure.ts";

const size = 7;
const element = fc.nat({ max: size - 1 });
const pair = fc.tuple(element, element);
const questions = fc.record({
  weights: fc.array(
    fc.record({ cost: fc.integer({ min: -3, max: 3 }), moves: fc.integer({ min: -2, max: 2 }) }),
    { minLength: size, maxLength: size },
  ),
  must: fc.array(element, { maxLength: 2 }),
  mustNot: fc.array(element, { maxLength: 2 }),
  pairs: fc.array(pair, { maxLength: 9 }),
});

function total(weights: readonly Weight[], isIn: (element: number) => boolean): Weight {
  const inside = weights.filter((_, index) => isIn(index));
  return {
    cost: inside.reduce((sum, { cost }) => sum + cost, 0),
    moves: inside.reduce((sum, { moves }) => sum + moves, 0),
  };
}

test("the cheapest closure is the cheapest of all sets that are closed, and of those with the fewest moves the least", () => {
  const counts = { none: 0, some: 0 };
  fc.assert(
    fc.property(questions, (question) => {
      const { weights, must, mustNot, pairs } = question;
      const closed = Array.from({ length: 2 ** size }, (_, mask) => mask).filter((mask) => {
        const has = (index: number) => ((mask >> index) & 1) === 1;
        return must.every(has) && !mustNot.some(has) && pairs.every(([p, q]) => !has(p) || has(q));
      });
      const found = cheapestClosure(question);
      if (found === undefined || closed.length === 0) {
        expect(found).toBeUndefined();
        expect(closed).toEqual([]);
        counts.none++;
        return;
      }
      counts.some++;
      const mask = found.reduce((sum, isIn, index) => sum + (isIn ? 2 ** index : 0), 0);
      expect(closed).toContain(mask);
      const weightOf = (set: number) => total(weights, (index) => ((set >> index) & 1) === 1);
      const own = weightOf(mask);
      for (const set of closed) {
        const { cost, moves } = weightOf(set);
        expect(cost > own.cost || (cost === own.cost && moves >= own.moves)).toBe(true);
        // Of equal ones it is within all others.
        if (cost === own.cost && moves === own.moves) expect(mask & set).toBe(mask);
      }
    }),
    { numRuns: 2_000, seed: 6 },
  );
  expect(counts.none).toBeGreaterThan(100);
  expect(counts.some).toBeGreaterThan(100);
});
