import { type PlacementRecord, type SetName, setNames } from "./placement-record.ts";

/** What came of the applications of one size with one set of policies. */
export interface SummaryRow {
  readonly set: SetName;
  /** Services of an application: `all`, or such as `5-9`. */
  readonly size: string;
  readonly placements: number;
  readonly services: number;
  readonly policies: number;
  /** How many are proved to be the cheapest. */
  readonly optimal: number;
  /** How many have no placement. */
  readonly none: number;
  readonly ms: { readonly mean: number; readonly p95: number; readonly p99: number; readonly max: number };
  /** This and the next ones are absent where nothing was placed. */
  readonly servicesWithout?: Shares;
  readonly replicasWithout?: Shares;
  /** Services that call nobody: what a proxy on each caller leaves without. */
  readonly leaves?: Shares;
  readonly leafReplicas?: Shares;
}

/** Of an application's services, or their replicas, those without a proxy: from 0 to 1. */
export interface Shares {
  readonly mean: number;
  readonly p5: number;
  readonly p50: number;
  readonly p95: number;
  /** Of the services of all applications together. */
  readonly together: number;
}

/** From so many services on. */
const sizes = [2, 5, 10, 20, 40, 80];

/** By set, of all sizes and of each; sizes without an application are left out. */
export function summary(records: readonly PlacementRecord[]): readonly SummaryRow[] {
  return setNames.flatMap((set) => {
    const own = records.filter((record) => record.set === set);
    const bySize = Map.groupBy(own, ({ services }) => sizeOf(services));
    const known = sizes.map((from) => sizeOf(from)).filter((size) => bySize.has(size));
    return [
      ...(own.length === 0 ? [] : [rowOf(set, "all", own)]),
      ...known.map((size) => rowOf(set, size, bySize.get(size) ?? [])),
    ];
  });
}

function sizeOf(services: number): string {
  const from = sizes.findLast((each) => each <= services) ?? 1;
  const next = sizes.find((each) => each > services);
  return next === undefined ? `${from}+` : from === next - 1 ? `${from}` : `${from}-${next - 1}`;
}

function rowOf(set: SetName, size: string, records: readonly PlacementRecord[]): SummaryRow {
  const times = records.map(({ ms }) => ms);
  const placed = records.filter(({ status }) => status !== "none");
  const share = (
    part: "servicesWithout" | "replicasWithout" | "leaves" | "leafReplicas",
    whole: "services" | "replicas",
  ): Shares => shares(placed.map((record) => ({ part: record[part] ?? 0, whole: record[whole] })));
  return {
    ...{ set, size, placements: records.length },
    services: sum(records.map(({ services }) => services)),
    policies: sum(records.map(({ policies }) => policies)),
    optimal: records.filter(({ status }) => status === "optimal").length,
    none: records.length - placed.length,
    ms: {
      mean: mean(times),
      p95: percentile(times, 95),
      p99: percentile(times, 99),
      max: percentile(times, 100),
    },
    ...(placed.length === 0
      ? {}
      : {
          servicesWithout: share("servicesWithout", "services"),
          replicasWithout: share("replicasWithout", "replicas"),
          leaves: share("leaves", "services"),
          leafReplicas: share("leafReplicas", "replicas"),
        }),
  };
}

function shares(parts: readonly { readonly part: number; readonly whole: number }[]): Shares {
  const all = parts.map(({ part, whole }) => part / whole);
  return {
    mean: mean(all),
    p5: percentile(all, 5),
    p50: percentile(all, 50),
    p95: percentile(all, 95),
    together: sum(parts.map(({ part }) => part)) / sum(parts.map(({ whole }) => whole)),
  };
}

/** The least value that so many of a hundred are not above (nearest rank). */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
