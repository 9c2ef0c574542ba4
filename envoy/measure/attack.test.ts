import fc from "fast-check";
import { expect, test } from "vitest";
import { type Answered, answeredOf, hitsOf, withUnsent } from "./attack.ts";

function answered(number: number, sentMs: number, tookMs: number): Answered {
  return { number, sentMs, tookMs, status: 200, error: "", body: "" };
}

test("latency counts from when a request was due: one that had to wait before it was sent is late", () => {
  // Ten a second; the third was sent when the second had been answered, 250 ms late.
  const hits = hitsOf([answered(0, 5_000, 20), answered(2, 5_450, 10), answered(1, 5_100, 350)], 10);
  expect(hits.map(({ number, dueMs, latencyMs }) => [number, dueMs, latencyMs])).toEqual([
    [0, 0, 20],
    [1, 100, 350],
    [2, 200, 260],
  ]);
});

test("no latency is shorter than what a request took, and that of a request in time is just that", () => {
  const cases = fc.record({
    rate: fc.integer({ min: 1, max: 5_000 }),
    late: fc.array(fc.double({ min: 0, max: 50, noNaN: true }), { minLength: 1, maxLength: 50 }),
  });
  fc.assert(
    fc.property(cases, ({ rate, late }) => {
      const hits = hitsOf(
        late.map((lateMs, number) => answered(number, 1_000_000 + (number * 1000) / rate + lateMs, 7)),
        rate,
      );
      const least = Math.min(...late);
      for (const { number, latencyMs } of hits)
        expect(latencyMs).toBeCloseTo(7 + (late[number] ?? Number.NaN) - least, 4);
    }),
  );
});

test("of any rate, what is due at a whole second is due at just that", () => {
  const rates = fc.record({
    rate: fc.integer({ min: 1, max: 10_000 }),
    second: fc.integer({ min: 0, max: 60 }),
  });
  fc.assert(
    fc.property(rates, ({ rate, second }) => {
      const hits = hitsOf([answered(0, 5, 1), answered(rate * second, 5 + second * 1000, 1)], rate);
      expect(hits.at(-1)?.dueMs).toBe(second * 1000);
    }),
  );
});

test("a line of Vegeta is read to the nanosecond, in its time zone, with the body", () => {
  const line = JSON.stringify({
    ...{ attack: "", seq: 3, code: 0, timestamp: "2026-11-30T10:00:00.000123456+01:00", latency: 1_500_000 },
    ...{
      bytes_out: 0,
      bytes_in: 2,
      error: "timeout",
      body: "e30=",
      method: "GET",
      url: "http://x/",
      headers: null,
    },
  });
  const read = answeredOf(line);
  expect(read).toMatchObject({ number: 3, tookMs: 1.5, status: 0, error: "timeout", body: "{}" });
  expect(read.sentMs - Date.UTC(2026, 10, 30, 9)).toBeCloseTo(0.123, 2);
  // A whole second has no fraction, and a body may be none.
  const whole = answeredOf(
    line.replace("00.000123456+01:00", "00Z").replace('"e30="', "null").replace('"seq":3', '"seq":4'),
  );
  expect(whole).toMatchObject({ sentMs: Date.UTC(2026, 10, 30, 10), body: "", number: 4 });
});

test("what was not answered says why", () => {
  expect(hitsOf([{ ...answered(0, 0, 1), status: 0, error: "timeout" }], 1)).toMatchObject([
    { error: "timeout" },
  ]);
});

test("what was due and never sent, since too many were under way until the end, was not answered", () => {
  // Ten a second for half a second; two were still to be sent when it was over.
  const hits = hitsOf([answered(0, 5_000, 20), answered(1, 5_100, 350), answered(2, 5_450, 10)], 10);
  const all = withUnsent(hits, { rate: 10, seconds: 0.5 });
  expect(all.slice(0, 3)).toEqual(hits);
  expect(all.slice(3)).toMatchObject([
    { number: 3, dueMs: 300, status: 0, error: "not sent" },
    { number: 4, dueMs: 400, status: 0, error: "not sent" },
  ]);
  expect(withUnsent(hits, { rate: 10, seconds: 0.3 })).toEqual(hits);
  // A request that does not fit into the time is not due.
  expect(withUnsent(hits, { rate: 10, seconds: 0.39 })).toEqual(hits);
});
