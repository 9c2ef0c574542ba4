import fc from "fast-check";
import { expect, test } from "vitest";
import { type Span, spread } from "./spread.ts";

const minute = { fromMs: 0, toMs: 60_000 };

test("counts over the time in which they were counted", () => {
  expect(spread([{ fromMs: 0, toMs: 10_000, requests: 50 }], minute)).toEqual({
    ...{ perSecond: 5, seconds: 10, requests: 50 },
  });
  expect(spread([], minute)).toBeUndefined();
});

test("of what begins before and ends after, the part within", () => {
  expect(spread([{ fromMs: -30_000, toMs: 90_000, requests: 120 }], minute)).toEqual({
    ...{ perSecond: 1, seconds: 60, requests: 60 },
  });
  expect(spread([{ fromMs: -20, toMs: 0, requests: 9 }], minute)).toBeUndefined();
});

test("what is missing in between is not taken for silence", () => {
  const spans = [
    { fromMs: 0, toMs: 10_000, requests: 100 },
    { fromMs: 40_000, toMs: 50_000, requests: 100 },
  ];
  expect(spread(spans, minute)).toEqual({ perSecond: 10, seconds: 20, requests: 200 });
});

/** Cuts of a minute, in milliseconds, and a constant rate. */
const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 59_999 }), { maxLength: 8 });

function cut(at: readonly number[], perSecond: number): readonly Span[] {
  const ends = [...at].sort((a, b) => a - b).concat(60_000);
  return ends.map((toMs, index) => {
    const fromMs = ends[index - 1] ?? 0;
    return { fromMs, toMs, requests: (perSecond * (toMs - fromMs)) / 1_000 };
  });
}

test("a constant load is its rate, however many replicas share it, whenever they report, and in whatever order that comes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cuts, fc.integer({ min: 0, max: 1_000 })), { minLength: 1, maxLength: 4 }),
      fc.func(fc.integer()),
      (replicas, order) => {
        const spans = replicas.flatMap(([at, rate]) => cut(at, rate));
        const shuffled = spans.toSorted((a, b) => order(a) - order(b));
        const load = spread(shuffled, minute);
        const whole = replicas.reduce((sum, [, rate]) => sum + rate, 0);
        expect(load?.perSecond).toBeCloseTo(whole, 6);
        expect(load?.seconds).toBeCloseTo(60, 9);
      },
    ),
  );
});

test("a load that passes from one replica to the next stays what it is, with a pause between them or not", () => {
  fc.assert(
    fc.property(cuts, fc.integer({ min: 1, max: 1_000 }), fc.nat(8), (at, rate, without) => {
      // Each span is of another replica, and one of them never comes.
      const spans = cut(at, rate).filter((_, index, all) => all.length === 1 || index !== without);
      expect(spread(spans, minute)?.perSecond).toBeCloseTo(rate, 6);
    }),
  );
});

test("nothing is counted twice or lost", () => {
  const span = fc
    .tuple(fc.integer({ min: 0, max: 60_000 }), fc.integer({ min: 1, max: 60_000 }), fc.nat(1_000))
    .map(([fromMs, overMs, requests]) => ({ fromMs, toMs: fromMs + overMs, requests }));
  fc.assert(
    fc.property(fc.array(span, { minLength: 1 }), (spans) => {
      const load = spread(spans, { fromMs: 0, toMs: 120_000 });
      expect(load?.requests).toBeCloseTo(
        spans.reduce((sum, { requests }) => sum + requests, 0),
        6,
      );
      expect(load?.perSecond).toBeGreaterThanOrEqual(0);
    }),
  );
});
