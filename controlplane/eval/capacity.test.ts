import fc from "fast-check";
import { expect, test } from "vitest";
import { capacityOf, nextTrial, type Trial } from "./capacity.ts";

function search(isSustained: (rate: number) => boolean): readonly Trial[] {
  const trials: Trial[] = [];
  for (let rate = nextTrial(trials); rate !== undefined; rate = nextTrial(trials))
    trials.push({ rate, isSustained: isSustained(rate) });
  return trials;
}

test("what a mesh sustains is found within a fifth, in few trials", () => {
  fc.assert(
    fc.property(fc.double({ min: 1, max: 9_000, noNaN: true }), (capacity) => {
      const trials = search((rate) => rate <= capacity);
      const found = capacityOf(trials) ?? 0;
      expect(found).toBeLessThanOrEqual(capacity);
      // The next whole rate is more than it.
      expect(found * 1.2 + 1).toBeGreaterThanOrEqual(Math.min(capacity, 5_120));
      expect(trials.length).toBeLessThanOrEqual(18);
    }),
  );
});

test("it ends where nothing is sustained, and where a trial goes wrong that one above it had passed", () => {
  expect(capacityOf(search(() => false))).toBeUndefined();
  fc.assert(
    fc.property(fc.infiniteStream(fc.boolean()), (tosses) => {
      const trials = search(() => tosses.next().value === true);
      expect(trials.length).toBeLessThanOrEqual(40);
    }),
  );
});

test("what passes above a rate that did not was luck, and is not sustained", () => {
  const trials = [10, 20, 20, 40, 28].map((rate) => ({ rate, isSustained: rate !== 20 }));
  expect(capacityOf(trials)).toBe(10);
});

test("a trial that another thing on the machine spoilt is made again, and what is sustained is found all the same", () => {
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 5_000 }), fc.nat(12), (capacity, spoilt) => {
      let trial = 0;
      const isSustained = (rate: number) => trial++ !== spoilt && rate <= capacity;
      expect(capacityOf(search(isSustained))).toBe(capacityOf(search((rate) => rate <= capacity)));
    }),
  );
});
