import type { Shares, SummaryRow } from "../eval/traces/summary.ts";
import { aligned } from "./aligned.ts";

const head = [
  ...["set", "services", "placed", "policies", "proved", "ms", "p95", "p99"],
  ...["services without", "p5", "p50", "p95", "together", "leaves"],
  ...["replicas without", "p5", "p50", "p95", "together", "leaves"],
];

/** The figures of a run for people: times in milliseconds, the first one the mean; services and replicas without a proxy in percent. */
export function placementsTable(rows: readonly SummaryRow[]): readonly string[] {
  return aligned([head, ...rows.map(cells)]);
}

function cells(row: SummaryRow): readonly string[] {
  const { set, size, placements, policies, optimal, ms } = row;
  return [
    ...[set, size, `${placements}`, (policies / placements).toFixed(1), optimalText(optimal, placements)],
    ...[ms.mean, ms.p95, ms.p99].map((value) => value.toFixed(value < 10 ? 2 : 0)),
    ...shareCells(row.servicesWithout, row.leaves),
    ...shareCells(row.replicasWithout, row.leafReplicas),
  ];
}

/** Not rounded up to what it is not. */
function optimalText(optimal: number, placements: number): string {
  return optimal === placements ? "all" : `${optimal}`;
}

function shareCells(without: Shares | undefined, leaves: Shares | undefined): readonly string[] {
  if (without === undefined || leaves === undefined) return ["-", "-", "-", "-", "-", "-"];
  const { mean, p5, p50, p95, together } = without;
  return [mean, p5, p50, p95, together, leaves.together].map((share) => `${(100 * share).toFixed(1)} %`);
}
