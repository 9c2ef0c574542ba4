import { describe, expect, test } from "vitest";
import { aims, paperClaims } from "./claims.ts";
import { atComparedRate, compared } from "./comparison.ts";
import type { Mode } from "./mode.ts";
import type { Result } from "./results.ts";
import type { RunResult } from "./run-result.ts";

const machine = { commit: null, envoy: "1.40.0", node: "24", cpu: "some", cores: 2, memoryGib: 8 };

/** What one mesh took in three rounds: the middle of each figure is given, and it is up to so much off. */
interface Took {
  readonly p99: number;
  readonly cores: number;
  readonly mib: number;
  readonly proxies: number;
  readonly off?: number;
  readonly answered?: number;
}

function rounds(mesh: Mode, took: Took): readonly RunResult[] {
  const { p99, cores, mib, proxies, off = 0, answered = 100 } = took;
  return [-1, 0, 1].map((side): RunResult => {
    const about = (figure: number): number => figure + side * off;
    const latency = { mean: 1, p50: 1, p90: 1, p95: 1, p999: about(p99), max: about(p99) };
    return {
      ...{ kind: "run", at: "", machine, application: "a", scenario: "p1", mesh, rate: 50, seconds: 2 },
      ...{ round: side + 2, seed: 1, services: 10, replicas: 10, proxies },
      requests: { due: 100, answered },
      failures: answered === 100 ? {} : { timeout: 100 - answered },
      latencyMs: { ...latency, p99: about(p99), distribution: [] },
      cores: { proxies: about(cores), services: 0.5, controlPlane: 0.25, load: 0.125 },
      memoryMib: { proxies: about(mib), services: 500, controlPlane: 250 },
    };
  });
}

function of(meshes: Partial<Record<Mode, Took>>) {
  const capacity: Result = {
    ...{ kind: "capacity", at: "", machine, application: "a", rate: 100, seconds: 2, trials: [] },
  };
  const runs = Object.entries(meshes).flatMap(([mesh, took]) => rounds(mesh as Mode, took));
  return compared([capacity, ...runs]);
}

const none: Took = { p99: 10, cores: 0, mib: 0, proxies: 0 };
const sidecars: Took = { p99: 20, cores: 1, mib: 1_000, proxies: 10 };

/** What is met of the aims, by their figures. */
function met(meshes: Partial<Record<Mode, Took>>): Readonly<Record<string, boolean | undefined>> {
  return Object.fromEntries(aims(of(meshes)).map(({ figure, isMet }) => [figure.split(",")[0], isMet]));
}

describe("beside sidecars", () => {
  test("each aim is met up to its bound, and missed beyond it", () => {
    const at: Took = { p99: 16, cores: 0.6, mib: 300, proxies: 2 };
    const keys = ["memory of the proxies", "CPU of the proxies", "added p99"];
    const all = { ...Object.fromEntries(keys.map((key) => [key, true])), "requests answered": true };
    expect(met({ none, sidecars, wire: at })).toEqual(all);
    expect(met({ none, sidecars, wire: { ...at, mib: 301 } })).toEqual({ ...all, [keys[0] ?? ""]: false });
    expect(met({ none, sidecars, wire: { ...at, cores: 0.61 } })).toEqual({ ...all, [keys[1] ?? ""]: false });
    expect(met({ none, sidecars, wire: { ...at, p99: 16.1 } })).toEqual({ ...all, [keys[2] ?? ""]: false });
  });

  test("what medians alone say is in doubt: the bound is within the intervals", () => {
    const wire: Took = { p99: 13, cores: 0.5, mib: 250, proxies: 2 };
    const found = (took: Partial<Took>) =>
      aims(of({ none, sidecars, wire: { ...wire, off: 1, ...took } }))
        .filter(({ figure }) => figure.startsWith("added p99"))
        .map(({ isMet, isInDoubt }) => [isMet, isInDoubt]);
    expect(found({})).toEqual([[true, undefined]]);
    expect(found({ p99: 15.5 })).toEqual([[true, true]]);
    expect(found({ p99: 16.5 })).toEqual([[false, true]]);
    expect(found({ p99: 18 })).toEqual([[false, undefined]]);
    const others = (off: number) =>
      aims(of({ none, sidecars, wire: { ...wire, off } }))
        .filter(({ isInDoubt }) => isInDoubt)
        .map(({ figure }) => figure.split(",")[0]);
    expect(others(0.01)).toEqual([]);
    expect(others(0.11)).toEqual(["CPU of the proxies"]);
    expect(others(51)).toEqual(["memory of the proxies", "CPU of the proxies", "added p99"]);
  });

  test("where sidecars add nothing there is nothing to add less than, but nothing", () => {
    const fast = { ...sidecars, p99: 9 };
    const wire = { p99: 9.9, cores: 0.5, mib: 200, proxies: 2 };
    expect(met({ none, sidecars: fast, wire })["added p99"]).toBe(true);
    expect(met({ none, sidecars: fast, wire: { ...wire, p99: 10.1 } })["added p99"]).toBe(false);
    expect(met({ sidecars, wire })).not.toHaveProperty("added p99");
  });

  test("a mesh that leaves requests without an answer is told", () => {
    const wire = { p99: 12, cores: 0.1, mib: 100, proxies: 1 };
    expect(met({ sidecars, wire: { ...wire, answered: 99 } })["requests answered"]).toBe(true);
    expect(met({ sidecars, wire: { ...wire, answered: 98 } })["requests answered"]).toBe(false);
  });

  test("what the paper claims is the tail of sidecars by that of Wire, and what Wire saves of all CPU, services included", () => {
    const claims = paperClaims(of({ sidecars, wire: { p99: 8, cores: 0.25, mib: 100, proxies: 1 } }));
    expect(claims.map(({ aim, shown }) => [aim, shown])).toEqual([
      ["up to 2.6", "2.50 (p99 20.0 and 8.0 ms)"],
      // Half a core of services and a quarter of a control plane are in both.
      ["up to 39 %", "43 % (1.000 of 1.750 cores; of the proxies alone 75 %)"],
    ]);
  });
});

test("beside selective Wire is not worse where it takes less, or where the intervals meet", () => {
  const selective: Took = { p99: 10, cores: 10, mib: 10, proxies: 2 };
  const figures = (wire: Took): readonly unknown[] =>
    aims(of({ selective, wire }))
      .filter(({ figure }) => figure.endsWith("beside selective"))
      .map(({ isMet }) => isMet);
  expect(figures({ ...selective, p99: 9, cores: 9, mib: 9 })).toEqual([true, true, true]);
  expect(figures({ ...selective, p99: 9, cores: 11, mib: 10.5 })).toEqual([false, false, true]);
  expect(figures({ ...selective, p99: 11, cores: 11, mib: 11, off: 1 })).toEqual([true, true, true]);
});

test("figures are of what they say, and answered requests of those that were", () => {
  const comparison = of({ none, wire: { ...sidecars, off: 1, answered: 80 } });
  const wire = atComparedRate(comparison, "a", "p1").at(-1);
  expect(wire?.requests).toEqual({ due: 300, answered: 240 });
  expect(wire?.answeredRate.median).toBe(40);
  const medians = Object.entries(wire ?? {}).flatMap(([key, figure]) =>
    typeof figure === "object" && "median" in figure ? [[key, figure.median] as const] : [],
  );
  expect(Object.fromEntries(medians)).toEqual({
    ...{ answeredRate: 40, p50Ms: 1, p99Ms: 20, addedP99Ms: 10 },
    ...{ proxyCores: 1, serviceCores: 0.5, controlPlaneCores: 0.25, allCores: 1.75 },
    ...{ proxyMib: 1_000, serviceMib: 500, controlPlaneMib: 250 },
  });
});

test("where nobody has looked for what is sustained, meshes are compared at the highest rate", () => {
  const runs = rounds("wire", sidecars);
  const comparison = compared([...runs, ...runs.map((run) => ({ ...run, rate: 80 }))]);
  expect(atComparedRate(comparison, "a", "p1").map(({ rate }) => rate)).toEqual([80]);
});
