import { type FileHandle, open, rm } from "node:fs/promises";
import { type Application, applicationMesh } from "../eval/traces/application-mesh.ts";
import { generatedApplications } from "../eval/traces/generated-applications.ts";
import { type Measured, measureApplication } from "../eval/traces/measure-application.ts";
import type { PlacementRecord } from "../eval/traces/placement-record.ts";
import { summary } from "../eval/traces/summary.ts";
import { applicationFigures, distancesToPublished } from "../mesh/application-figures.ts";
import { random } from "../mesh/random.ts";
import { makeFolder } from "../rollout/make-folder.ts";
import { counted } from "./counted.ts";
import { placementsFile } from "./eval-files.ts";
import { machine } from "./machine.ts";
import type { ExitCode } from "./main.ts";
import { progress, reportFaults } from "./mesh-infer.ts";
import { placementsTable } from "./placements-table.ts";
import { type CallGraphs, readCallGraphs } from "./read-call-graphs.ts";
import { createOutput, type Output } from "./report.ts";
import { untilInterrupted } from "./until-interrupted.ts";
import { isMade, writing } from "./write-file.ts";

export interface EvalTracesOptions {
  readonly out: string;
  readonly minCalls: number;
  readonly minServices: number;
  /** Where it is not given, all that are in the files, and 1,000 that are made up. */
  readonly applications?: number;
  readonly seed: number;
  readonly timeLimit: number;
  readonly json?: boolean;
}

/**
 * `wire eval traces`: places three sets of policies on each application of production traces, or on made-up ones. What was placed until an
 * interrupt stays in the file.
 */
export async function evalTraces(
  paths: readonly string[],
  options: EvalTracesOptions,
  output: Output = createOutput({ json: options.json === true }),
): Promise<ExitCode> {
  const path = placementsFile(options.out);
  await writing(options.out, () => makeFolder(options.out));
  const file = await newFile(path);
  if (file === undefined) return refuse(output, `${path} exists already: choose another folder with --out`);
  let isComplete = true;
  const stopped = untilInterrupted().then((): undefined => {
    output.progress("stopping");
    isComplete = false;
  });
  const records: PlacementRecord[] = [];
  try {
    const input = paths.length === 0 ? madeUp(options) : await Promise.race([stopped, read(paths, options)]);
    if (input === undefined) {
      // Whoever reads is still at it, and ends with the process.
      if (output.json) output.print(JSON.stringify({ source: "traces", complete: false, file: null }));
      return 0;
    }
    if (input.graphs !== undefined && !output.json) reportGraphs(output, input.graphs);
    if (input.kept.length === 0)
      return refuse(
        output,
        `no application with ${counted(options.minCalls, "request")} and ${counted(options.minServices, "service")} was found in these files`,
        input.graphs,
      );
    const same = { source: input.source, seed: options.seed, ...machine() };
    for await (const measured of untilThen(stopped, measureAll(input.kept, options.timeLimit))) {
      const record: PlacementRecord = { ...measured, ...same };
      await writing(path, () => file.appendFile(`${JSON.stringify(record)}\n`));
      records.push(record);
    }
    report(output, { path, input, records, options, isComplete });
    return 0;
  } finally {
    await file.close();
    // An empty one would be in the way of the next run.
    if (records.length === 0) await rm(path, { force: true });
  }
}

/** Undefined where there is one already. */
async function newFile(path: string): Promise<FileHandle | undefined> {
  const opened = open(path, "wx");
  return (await writing(path, () => isMade(opened))) ? await opened : undefined;
}

function refuse(output: Output, message: string, graphs?: CallGraphs): ExitCode {
  if (output.json) output.print(JSON.stringify({ error: message, ...graphsJson(graphs) }));
  output.progress(`wire: ${message}`);
  return 1;
}

interface Input {
  readonly source: PlacementRecord["source"];
  /** Called often enough, of whatever size. */
  readonly called: readonly Application[];
  /** How many of them are large enough. */
  readonly large: number;
  /** Those that are placed. */
  readonly kept: readonly Application[];
  /** What was read. */
  readonly graphs?: CallGraphs;
}

const madeUpDefault = 1000;

function madeUp({ seed, minServices, applications = madeUpDefault }: EvalTracesOptions): Input {
  const called: Application[] = [];
  const kept: Application[] = [];
  for (const application of generatedApplications(seed)) {
    if (kept.length >= applications) break;
    called.push(application);
    if (application.mesh.services.size >= minServices) kept.push(application);
  }
  return { source: "generated", called, large: kept.length, kept };
}

async function read(
  paths: readonly string[],
  { seed, minCalls, minServices, applications }: EvalTracesOptions,
): Promise<Input> {
  const graphs = await readCallGraphs(paths, progress());
  const draw = random(seed);
  const called = graphs.applications
    .filter(({ requests }) => requests >= minCalls)
    .map((found) => applicationMesh(found, draw.below(2 ** 31)));
  const large = called.filter(({ mesh }) => mesh.services.size >= minServices);
  const kept = applications === undefined ? large : draw.sample(large, applications);
  return { source: "traces", called, large: large.length, kept, graphs };
}

/** So many made-up applications are placed before, so that the engine's own compiler is done when it counts. */
const warmUps = 60;

async function* measureAll(
  applications: readonly Application[],
  timeLimitS: number,
): AsyncGenerator<Measured> {
  const options = { timeLimitS, now: () => performance.now() };
  let number = 0;
  for (const application of generatedApplications(0)) {
    if (number++ >= warmUps) break;
    for await (const _ of measureApplication(application, options));
  }
  const tell = progress();
  for (const [index, application] of applications.entries()) {
    tell(`${index} of ${counted(applications.length, "application")} placed`);
    yield* measureApplication(application, options);
  }
  tell("");
}

/** Values until something else happens, for which a value that takes long is not waited for. */
async function* untilThen<Value>(
  end: Promise<undefined>,
  values: AsyncGenerator<Value>,
): AsyncGenerator<Value> {
  for (;;) {
    const next = await Promise.race([end, values.next()]);
    if (next === undefined || next.done === true) return;
    yield next.value;
  }
}

interface Run {
  readonly path: string;
  readonly input: Input;
  readonly records: readonly PlacementRecord[];
  readonly options: EvalTracesOptions;
  /** Whether all were placed. */
  readonly isComplete: boolean;
}

function report(output: Output, { path, input, records, options, isComplete }: Run): void {
  const { source, called, large, kept, graphs } = input;
  const distances = distancesToPublished(applicationFigures(called.map(({ mesh }) => mesh)));
  const sets = summary(records);
  const placed = new Set(records.map(({ application }) => application)).size;
  if (output.json) {
    output.print(
      JSON.stringify({
        ...{ source, seed: options.seed, complete: isComplete, file: records.length === 0 ? null : path },
        applications: { called: called.length, large, kept: kept.length, placed },
        ...graphsJson(graphs),
        distances,
        ...machine(),
        sets,
      }),
    );
    return;
  }
  const { seed, minCalls, minServices } = options;
  const from = graphs === undefined ? "made up" : `with ${counted(minCalls, "request")} and more`;
  const drawn = kept.length < large ? `, ${kept.length} drawn of these` : "";
  output.print(
    `source: ${source}, seed ${seed}: ${counted(called.length, "application")} ${from}, ${large} of them with ${counted(minServices, "service")} and more${drawn}, ${placed} placed${isComplete ? "" : " until the interrupt"}`,
  );
  const shown = Object.entries(distances).map(([figure, distance]) => `${figure} ${distance.toFixed(3)}`);
  output.print(`distance to the published percentiles (Kolmogorov–Smirnov): ${shown.join(", ")}`);
  if (records.length === 0) return;
  output.print(`\n${placementsTable(sets).join("\n")}`);
  const left = kept.length - placed;
  if (isComplete && left > 0)
    output.print(
      `${counted(left, "application")} without a request or connection that a policy could be for`,
    );
  const drawnReplicas = kept.reduce((sum, application) => sum + application.drawnReplicas, 0);
  if (drawnReplicas > 0)
    output.print(
      `of ${counted(drawnReplicas, "service")} the traces do not say how many replicas there are: they were drawn`,
    );
  output.print(path);
}

/** What was read, for programs. */
function graphsJson(graphs: CallGraphs | undefined): object {
  if (graphs === undefined) return {};
  const { rows, lost, faults, applications } = graphs;
  return { rows, lost, faults, found: applications.length };
}

function reportGraphs(output: Output, { rows, lost, faults, applications }: CallGraphs): void {
  reportFaults(output, faults);
  if (lost > 0)
    output.progress(
      `note: ${counted(lost, "row")} of requests whose first call is in none of these files ${lost === 1 ? "is" : "are"} left out`,
    );
  output.progress(`${counted(rows, "row")}, ${counted(applications.length, "application")}`);
}
