import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../random.ts";
import { createTimeline, type Time } from "./timeline.ts";

function timeOf(stretches: Iterable<readonly [number, number]>): Time {
  const timeline = createTimeline();
  for (const [first, last] of stretches) timeline.add(first, last);
  return timeline.result();
}

const minute = 60_000;
/** A request now and then, as they come. */
const draw = random(1);
const requests = (fromMs: number, count: number): readonly (readonly [number, number])[] =>
  Array.from({ length: count }, () => {
    const at = fromMs + draw.below(10 * minute);
    return [at, at + 20] as const;
  });

test("all of it counts, in any order", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: -1e12, max: 1e12 }), fc.nat(1e6)), {
        minLength: 1,
        maxLength: 600,
      }),
      (drawn) => {
        const all = drawn.map(([first, ms]) => [first, first + ms] as const);
        const whole = Math.max(...all.map(([, last]) => last)) - Math.min(...all.map(([first]) => first));
        const { seconds, idleSeconds } = timeOf(all);
        expect(seconds).toBe(whole / 1000);
        expect(idleSeconds).toBeGreaterThanOrEqual(0);
        expect(idleSeconds).toBeLessThanOrEqual(seconds);
      },
    ),
  );
  expect(createTimeline().result()).toEqual({ seconds: 0, idleSeconds: 0 });
});

test.each([5, 100, 1_000, 20_000])("between %i requests as they come nothing is idle", (count) => {
  expect(timeOf(requests(0, count)).idleSeconds).toBe(0);
});

test.each([
  ["a clock that is an hour off", [...requests(0, 2_000), ...requests(60 * minute, 2_000)], 0.7],
  ["one far date", [...requests(0, 2_000), [1e15, 1e15 + 1] as const], 0.99],
  [
    "ten minutes a day",
    Array.from({ length: 7 }, (_, day) => requests(day * 1_440 * minute, 500)).flat(),
    0.99,
  ],
  ["five spans, and two of another day", [...requests(0, 5), ...requests(1_440 * minute, 2)], 0.9],
])("%s is a gap", (_, stretches, share) => {
  const { seconds, idleSeconds } = timeOf(stretches);
  expect(idleSeconds / seconds).toBeGreaterThan(share);
  expect(idleSeconds / seconds).toBeLessThan(1);
});
