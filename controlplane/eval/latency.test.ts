import fc from "fast-check";
import { expect, test } from "vitest";
import { latencyOf } from "./latency.ts";

test("percentiles are those of the sorted latencies, to three digits", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.001, max: 100_000, noNaN: true }), { minLength: 1 }), (all) => {
      const found = latencyOf(all);
      const sorted = all.toSorted((a, b) => a - b);
      const at = (share: number): number =>
        sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
      // A microsecond is the least, and of three digits one may be off.
      const isClose = (ms: number | undefined, exact: number): boolean =>
        Math.abs((ms ?? Number.NaN) - exact) <= exact * 0.002 + 0.001;
      expect(isClose(found?.p50, at(0.5))).toBe(true);
      expect(isClose(found?.p99, at(0.99))).toBe(true);
      expect(isClose(found?.max, at(1))).toBe(true);
      const ms = found?.distribution.map(([, each]) => each) ?? [];
      expect(ms).toEqual(ms.toSorted((a, b) => a - b));
      expect(found?.distribution.at(-1)?.[0]).toBe(1);
    }),
  );
});

test("each figure is of the share that it is named for", () => {
  const found = latencyOf(Array.from({ length: 1_000 }, (_, n) => n + 1));
  const { distribution = [], ...figures } = found ?? {};
  const exact = { mean: 500.5, p50: 500, p90: 900, p95: 950, p99: 990, p999: 999, max: 1_000 };
  expect(Object.keys(figures)).toEqual(Object.keys(exact));
  for (const [name, ms] of Object.entries(exact))
    expect({ [name]: Math.abs((figures[name as keyof typeof figures] ?? 0) / ms - 1) < 0.002 }).toEqual({
      [name]: true,
    });
  for (const [share, ms] of distribution) expect(ms / (share * 1_000)).toBeCloseTo(1, 2);
});

test("of no requests there are no latencies", () => {
  expect(latencyOf([])).toBeUndefined();
});
