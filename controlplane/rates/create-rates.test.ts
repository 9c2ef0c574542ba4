import fc from "fast-check";
import { expect, test } from "vitest";
import { fromYaml } from "../mesh/from-yaml.ts";
import type { LoadReport } from "../server/load-report.ts";
import { createRates, type Rates } from "./create-rates.ts";

const { mesh } = fromYaml({
  path: "mesh.yaml",
  text: `
name: small
services: { front: { entry: true }, geo: { versions: { v1: {}, v2: {} } } }
calls: { front: [{ to: geo, rate: 2 }] }
`,
});

function start(): { readonly rates: Rates; at: number } {
  const clock = { at: 0 };
  const rates = createRates({ mesh: () => mesh, intervalMs: 10_000, nowMs: () => clock.at });
  return {
    rates,
    get at() {
      return clock.at;
    },
    set at(ms: number) {
      clock.at = ms;
    },
  };
}

function report(
  stream: number,
  atMs: number,
  loads: Readonly<Record<string, number>>,
  overMs = 10_000,
): LoadReport {
  return {
    ...{ node: "front", stream, atMs },
    clusters: Object.entries(loads).map(([cluster, requests]) => ({
      ...{ cluster, overMs, requests, failed: 0, dropped: 0 },
    })),
  };
}

test("clusters of a callee are added up: its versions, and chains before and after a change", () => {
  const run = start();
  run.rates.onReport(
    report(1, 10_000, { "geo|v1/0a1b": 30, "geo|v2/0a1b/hash": 10, geo: 5, "wire-xds": 9, elsewhere: 9 }),
  );
  run.at = 10_000;
  expect(run.rates.report()).toEqual({
    ...{ windowSeconds: 60, intervalSeconds: 10 },
    calls: [{ from: "front", to: "geo", rate: 4.5, declared: 2, basis: "counted", seconds: 10, total: 45 }],
    unmeasured: [{ from: null, to: "front" }],
  });
});

test("what came to the service itself is the remainder of its callers", () => {
  const run = start();
  run.rates.onReport(report(1, 10_000, { "local/front": 70, "local/geo": 9 }));
  run.at = 10_000;
  expect(run.rates.report().calls).toEqual([
    { from: null, to: "front", rate: 7, declared: null, basis: "remainder", seconds: 10 },
  ]);
});

test("what is older than a minute counts no more, and the total goes on", () => {
  const run = start();
  run.rates.onReport(report(1, 10_000, { geo: 1_000 }));
  run.rates.onReport(report(1, 80_000, { geo: 10 }));
  run.at = 80_000;
  expect(run.rates.report().calls).toMatchObject([{ rate: 1, seconds: 10, total: 1_010 }]);
  run.at = 200_000;
  expect(run.rates.report().calls).toEqual([]);
});

test("two replicas are added up where both have told, and one that has ended is not waited for", () => {
  const run = start();
  for (const at of [10_000, 20_000]) run.rates.onReport(report(1, at, { geo: 10 }));
  for (const at of [15_000, 25_000]) run.rates.onReport(report(2, at, { geo: 10 }));
  run.at = 25_000;
  // From 0 to 5 s there was only the first; of the time after 20 s it has not told.
  expect(run.rates.report().calls).toMatchObject([{ rate: 1.75, seconds: 20 }]);
  run.rates.onEnded("front", 1);
  expect(run.rates.report().calls).toMatchObject([{ rate: 1.6, seconds: 25 }]);
});

test("one that falls silent without an end holds up the others for three intervals", () => {
  const run = start();
  run.rates.onReport(report(1, 10_000, { geo: 10 }));
  for (const at of [10_000, 20_000, 30_000, 40_000]) run.rates.onReport(report(2, at, { geo: 20 }));
  run.at = 40_000;
  expect(run.rates.report().calls).toMatchObject([{ rate: 3, seconds: 10 }]);
  run.at = 40_001;
  expect(run.rates.report().calls).toMatchObject([{ rate: 2.25, seconds: 40 }]);
});

test("a constant load is its rate, whenever proxies start again, report, or are not heard", () => {
  const step = fc.record({
    overMs: fc.integer({ min: 1_000, max: 15_000 }),
    // A proxy that starts again counts from nothing, and what it had counted is lost with it.
    startsAgain: fc.boolean(),
    isLost: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 0, max: 500 }),
      (steps, rate) => {
        const run = start();
        let stream = 1;
        for (const { overMs, startsAgain, isLost } of steps) {
          run.at += overMs;
          if (startsAgain) run.rates.onEnded("front", stream++);
          else if (!isLost)
            run.rates.onReport(report(stream, run.at, { geo: (rate * overMs) / 1_000 }, overMs));
        }
        const [call] = run.rates.report().calls;
        if (call !== undefined) expect(call.rate).toBeCloseTo(rate, 6);
        const last = steps.at(-1);
        if (last?.startsAgain === false && !last.isLost) expect(call).toBeDefined();
      },
    ),
  );
});

test("before there is a mesh there is nothing to tell", () => {
  const rates = createRates({ mesh: () => undefined, intervalMs: 20_000, nowMs: () => 0 });
  rates.onReport(report(1, 10_000, { geo: 1 }));
  expect(rates.report()).toEqual({ windowSeconds: 120, intervalSeconds: 20, calls: [], unmeasured: [] });
});
