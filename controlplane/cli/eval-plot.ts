import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { WireError } from "../error/wire-error.ts";
import { betweenMarks } from "../eval/between-marks.ts";
import { cpuBars, memoryBars } from "../eval/charts/bars.ts";
import { latencyDistribution } from "../eval/charts/latency-distribution.ts";
import { pngOf, svgOf } from "../eval/charts/render-chart.ts";
import { solveTime } from "../eval/charts/solve-time.ts";
import { throughputLatency } from "../eval/charts/throughput-latency.ts";
import { withoutProxy } from "../eval/charts/without-proxy.ts";
import { aims, paperClaims } from "../eval/claims.ts";
import { type Comparison, compared } from "../eval/comparison.ts";
import { policyLines } from "../eval/lines/policy-lines.ts";
import { markdown, type Reported, report } from "../eval/report.ts";
import type { Result } from "../eval/results.ts";
import type { MeshMachine } from "../eval/run-result.ts";
import type { PlacementRecord } from "../eval/traces/placement-record.ts";
import { summary } from "../eval/traces/summary.ts";
import { loadPlacements, loadResults, resultsFile } from "./eval-files.ts";
import type { ExitCode } from "./main.ts";
import { readSource } from "./read-files.ts";
import { createOutput } from "./report.ts";
import { writing } from "./write-file.ts";

export interface EvalPlotOptions {
  /** A document whose figures between marks are written anew. */
  readonly update?: string;
  readonly json?: boolean;
}

/** `wire eval plot DIR`: the report of what was measured, and its charts. */
export async function evalPlot(
  [folder = ""]: readonly string[],
  options: EvalPlotOptions,
): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const results = await loadResults(folder, output.progress);
  if (!results.some(({ kind }) => kind === "run"))
    throw new WireError(
      "eval",
      `${resultsFile(folder)} has no runs: \`wire eval all --out ${folder}\` makes some`,
    );
  const files = await plot(folder, results, output.progress);
  if (options.update !== undefined) await update(options.update, results);
  output.print(output.json ? JSON.stringify({ files }) : files.join("\n"));
  return 0;
}

/** Write the report of a folder's results into it; the paths of all files. */
export async function plot(
  folder: string,
  results: readonly Result[],
  progress: (line: string) => void,
): Promise<readonly string[]> {
  const reported = await reportedOf(results, await loadPlacements(folder, progress));
  const files = [
    ...reported.charts.flatMap(({ name, svg }) => [
      [`${name}.svg`, svg] as const,
      [`${name}.png`, pngOf(svg)] as const,
    ]),
    ["report.html", report(reported)] as const,
  ];
  await writing(folder, () => mkdir(folder, { recursive: true }));
  return Promise.all(
    files.map(async ([name, content]) => {
      const path = join(folder, name);
      await writing(path, () => writeFile(path, content));
      return path;
    }),
  );
}

async function reportedOf(
  results: readonly Result[],
  placements: readonly PlacementRecord[],
): Promise<Reported> {
  const comparison = compared(results);
  const charts = [
    ...[throughputLatency, latencyDistribution, cpuBars, memoryBars].map((draw) => draw(comparison)),
    ...(placements.length === 0 ? [] : [solveTime(placements), withoutProxy(placements)]),
  ];
  return {
    comparison,
    machines: machinesOf(results),
    aims: aims(comparison),
    paperClaims: paperClaims(comparison),
    placements: summary(placements),
    lines: policyLines(),
    charts: await Promise.all(charts.map(async (chart) => ({ ...chart, svg: await svgOf(chart) }))),
    isQuick: isQuick(comparison),
  };
}

async function update(path: string, results: readonly Result[]): Promise<void> {
  const comparison = compared(results);
  const next = betweenMarks(
    (await readSource(path)).text,
    markdown({
      comparison,
      machines: machinesOf(results),
      aims: aims(comparison),
      isQuick: isQuick(comparison),
    }),
  );
  if (next === undefined)
    throw new WireError(
      "eval",
      `${path} has no place for figures: <!-- EVAL-START --> and <!-- EVAL-END -->`,
    );
  await writing(path, () => writeFile(path, next));
}

/** Of one round no interval can be said. */
function isQuick({ measured }: Comparison): boolean {
  return measured.every(({ proxyCores }) => proxyCores.rounds < 2);
}

function machinesOf(results: readonly Result[]): readonly MeshMachine[] {
  // What was read has its keys in another order than what has just been measured.
  const keyOf = (machine: MeshMachine): string => JSON.stringify(Object.entries(machine).sort());
  return [...new Map(results.map(({ machine }) => [keyOf(machine), machine])).values()];
}
