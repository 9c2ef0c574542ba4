import { type Mode, modes, type Scenario, scenarios } from "./mode.ts";
import type { CapacityResult, Result } from "./results.ts";
import type { RunResult } from "./run-result.ts";
import { type Estimate, estimate } from "./statistics.ts";

/** What was measured of one application in one mesh at one rate, over all rounds. */
export interface Measured {
  readonly application: string;
  readonly scenario: Scenario;
  readonly mesh: Mode;
  /** Requests a second: those that were due, and those that were answered. */
  readonly rate: number;
  readonly answeredRate: Estimate;
  /** Requests of all rounds. */
  readonly requests: RunResult["requests"];
  readonly p50Ms?: Estimate;
  readonly p99Ms?: Estimate;
  /** How much longer the slowest of a hundred takes than with no proxies, round by round. */
  readonly addedP99Ms?: Estimate;
  /** Cores. */
  readonly proxyCores: Estimate;
  readonly serviceCores: Estimate;
  readonly controlPlaneCores: Estimate;
  /** Of all three together. */
  readonly allCores: Estimate;
  readonly proxyMib: Estimate;
  readonly serviceMib: Estimate;
  readonly controlPlaneMib: Estimate;
  readonly proxies: number;
  readonly services: number;
  /** The whole of the latencies, each share's median of the rounds. */
  readonly distribution: readonly (readonly [share: number, ms: number])[];
}

/** The runs that count, by what they were of. */
export interface Comparison {
  readonly measured: readonly Measured[];
  readonly capacities: readonly CapacityResult[];
  /**
   * The highest rate of an application that is no more than half of what it sustains: there meshes are compared. Where that is not known, the highest of
   * all; nothing where it has no runs.
   */
  readonly comparedAt: ReadonlyMap<string, number>;
  readonly runs: number;
  /** Runs whose figures say nothing. */
  readonly void: readonly RunResult[];
}

export function compared(results: readonly Result[]): Comparison {
  const all = results.filter((each) => each.kind === "run");
  const runs = all.filter((each) => each.void === undefined);
  const groups = Map.groupBy(runs, keyOf);
  const measured = [...groups.values()].flatMap((group) => measuredOf(group, groups));
  const capacities = results.filter((each) => each.kind === "capacity");
  const sustained = new Map(capacities.map(({ application, rate }) => [application, rate]));
  return {
    measured: measured.toSorted(inOrder),
    capacities,
    comparedAt: new Map(
      runs.map(({ application }) => {
        const most = (sustained.get(application) ?? Number.POSITIVE_INFINITY) / 2;
        return [application, rateBelow(runs, application, most)] as const;
      }),
    ),
    runs: all.length,
    void: all.filter((each) => each.void !== undefined),
  };
}

/** What was measured there where meshes are compared, of one application and scenario. */
export function atComparedRate(
  { measured, comparedAt }: Comparison,
  application: string,
  scenario: Scenario,
): readonly Measured[] {
  return measured.filter(
    (each) =>
      each.application === application &&
      each.scenario === scenario &&
      each.rate === comparedAt.get(application),
  );
}

type Which = Pick<RunResult, "application" | "scenario" | "mesh" | "rate">;

function keyOf({ application, scenario, mesh, rate }: Which): string {
  return JSON.stringify([application, scenario, mesh, rate]);
}

function measuredOf(
  group: readonly RunResult[],
  groups: ReadonlyMap<string, readonly RunResult[]>,
): readonly Measured[] {
  const [first] = group;
  if (first === undefined) return [];
  const { application, scenario, mesh, rate, proxies, services } = first;
  const of = (figure: (run: RunResult) => number): Estimate => certain(estimate(group.map(figure)));
  const latency = (figure: "p50" | "p99"): Estimate | undefined =>
    estimate(group.flatMap(({ latencyMs }) => latencyMs?.[figure] ?? []));
  const [p50Ms, p99Ms] = [latency("p50"), latency("p99")];
  const addedP99Ms = estimate(added(group, groups.get(keyOf({ ...first, mesh: "none" })) ?? []));
  return [
    {
      ...{ application, scenario, mesh, rate, proxies, services },
      requests: {
        due: group.reduce((sum, { requests }) => sum + requests.due, 0),
        answered: group.reduce((sum, { requests }) => sum + requests.answered, 0),
      },
      answeredRate: of(({ requests, seconds }) => requests.answered / seconds),
      ...(p50Ms === undefined ? {} : { p50Ms }),
      ...(p99Ms === undefined ? {} : { p99Ms }),
      ...(addedP99Ms === undefined ? {} : { addedP99Ms }),
      proxyCores: of(({ cores }) => cores.proxies),
      serviceCores: of(({ cores }) => cores.services),
      controlPlaneCores: of(({ cores }) => cores.controlPlane),
      allCores: of(({ cores }) => cores.proxies + cores.services + cores.controlPlane),
      proxyMib: of(({ memoryMib }) => memoryMib.proxies),
      serviceMib: of(({ memoryMib }) => memoryMib.services),
      controlPlaneMib: of(({ memoryMib }) => memoryMib.controlPlane),
      distribution: distributionOf(group),
    },
  ];
}

/** Of the rounds that both have, so that what else the machine did in a round is in neither. */
function added(group: readonly RunResult[], without: readonly RunResult[]): readonly number[] {
  const base = new Map(without.map(({ round, latencyMs }) => [round, latencyMs?.p99]));
  return group.flatMap(({ round, latencyMs }) => {
    const before = base.get(round);
    return latencyMs === undefined || before === undefined ? [] : [latencyMs.p99 - before];
  });
}

function distributionOf(group: readonly RunResult[]): Measured["distribution"] {
  const shares = group.find(({ latencyMs }) => latencyMs !== undefined)?.latencyMs?.distribution ?? [];
  return shares.flatMap(([share], at) => {
    const median = estimate(group.flatMap(({ latencyMs }) => latencyMs?.distribution[at]?.[1] ?? []))?.median;
    return median === undefined ? [] : [[share, median] as const];
  });
}

/** Of a group that has runs. */
function certain(found: Estimate | undefined): Estimate {
  if (found === undefined) throw new Error("a group has no runs");
  return found;
}

function rateBelow(runs: readonly RunResult[], application: string, most: number): number {
  const rates = runs.filter((run) => run.application === application).map(({ rate }) => rate);
  // Rates are whole, so that half of an odd one is rounded up.
  const below = rates.filter((rate) => rate <= Math.ceil(most));
  return Math.max(...(below.length > 0 ? below : rates));
}

function inOrder(a: Measured, b: Measured): number {
  return (
    a.application.localeCompare(b.application) ||
    scenarios.indexOf(a.scenario) - scenarios.indexOf(b.scenario) ||
    a.rate - b.rate ||
    modes.indexOf(a.mesh) - modes.indexOf(b.mesh)
  );
}
