import { strict as assert } from "node:assert";
import { rename, rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { inspect } from "node:util";
import { WireError } from "../error/wire-error.ts";
import { madeOtherwise } from "../eval/made-otherwise.ts";
import type { Mode, Scenario } from "../eval/mode.ts";
import {
  type Load,
  loadsOf,
  type PlannedTurn,
  plan,
  type Rates,
  type WarmUp,
  warmUpOf,
} from "../eval/plan.ts";
import { type Result, runsOf } from "../eval/results.ts";
import { type LoadedApplication, loadApplication } from "./eval-applications.ts";
import { measureCapacity } from "./eval-capacity.ts";
import { appendResult, loadPlacements, loadResults, placementsFile, resultsFile } from "./eval-files.ts";
import { plot } from "./eval-plot.ts";
import { type EvalTools, evalTools } from "./eval-tools.ts";
import { evalTraces } from "./eval-traces.ts";
import { evalTurn } from "./eval-turn.ts";
import type { ExitCode } from "./main.ts";
import { createOutput, type Output } from "./report.ts";
import { reportFaulty } from "./report-faulty.ts";
import { untilInterrupted } from "./until-interrupted.ts";

export interface EvalAllOptions {
  readonly out: string;
  /** Names, or folders of the user's. */
  readonly app: readonly string[];
  readonly scenario: readonly Scenario[];
  readonly mesh: readonly Mode[];
  readonly rounds: number;
  readonly duration: number;
  readonly warmUp: number;
  readonly startWarmUp: number;
  readonly seed: number;
  /** One round at one rate, for a few seconds each. */
  readonly quick?: boolean;
  readonly json?: boolean;
}

/** Rates as shares of what a proxy before every service sustains: where meshes are compared, and from light to past saturation. A quick run only compares. */
const [comparedShare, otherShares] = [0.5, [0.2, 0.8, 1.2]] as const;
const quick = { rounds: 1, duration: 3, warmUp: 1, startWarmUp: 1 } as const;
const [quickApplications, wholeApplications] = [200, 1_000];
/** In eight, one who is asked for a twentieth more than he can do is half a second late. */
const trialSeconds = { whole: 8, quick: 2 } as const;
/** About as long as a mesh takes to start and to end; and as what a measurement takes beside its seconds. */
const [startSeconds, afterSeconds] = [8, 1.5];

/** `wire eval all`: every application in every mesh at every rate. What the folder has already is not measured again. */
export async function evalAll(given: EvalAllOptions): Promise<ExitCode> {
  const options = given.quick === true ? { ...given, ...quick } : given;
  const output = createOutput({ json: options.json === true });
  const stop = new AbortController();
  void untilInterrupted().then(() => {
    output.progress("stopping: what was measured is kept, and the same command goes on from there");
    stop.abort();
  });
  const loaded = await loadAll(options, output);
  if (loaded === undefined) return 1;
  const tools = await evalTools(output.progress);
  const known = await loadResults(options.out, output.progress);
  const otherwise = madeOtherwise(known, {
    machine: tools.machine,
    loadsAt: (capacity) => loadsOf(ratesAt(capacity, options), options.duration),
    trialSeconds: trialSecondsOf(options),
  });
  if (otherwise.length > 0)
    throw new WireError(
      "eval",
      `${resultsFile(options.out)} was made otherwise (${otherwise.join(", ")}), and cannot be continued: \`--out\` another folder`,
    );
  const run: Run = { options, output, loaded, tools, known: [...known], signal: stop.signal, troubles: [] };
  try {
    await placeApplications(run);
    const rates = await ratesOf(run);
    await measureAll(run, rates);
    // What went wrong, or says nothing, has another turn; then it is left to who goes on.
    await measureAll(run, rates);
  } catch (error) {
    // What broke off with the interrupt is its consequence.
    if (!stop.signal.aborted) throw error;
  }
  return finish(run);
}

function trialSecondsOf({ quick: isQuick }: EvalAllOptions): number {
  return isQuick === true ? trialSeconds.quick : trialSeconds.whole;
}

interface Run {
  readonly options: EvalAllOptions;
  readonly output: Output;
  readonly loaded: readonly Loaded[];
  readonly tools: EvalTools;
  /** What has been measured, those of earlier commands too. */
  readonly known: Result[];
  readonly signal: AbortSignal;
  /** Turns that could not be measured, a line for each. */
  readonly troubles: string[];
}

/** An application with the policies of a scenario. */
interface Loaded {
  readonly scenario: Scenario;
  readonly application: LoadedApplication;
}

/** All that is to be measured, before hours of the rest; undefined, and told, where something is wrong with one. */
async function loadAll(
  { app, scenario }: EvalAllOptions,
  output: Output,
): Promise<readonly Loaded[] | undefined> {
  const loaded: Loaded[] = [];
  const names = app.map((each) => basename(resolve(each)));
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new WireError("eval", `two applications are called ${twice}: in the figures they would be one`);
  // What is sustained is asked of all policies.
  for (const name of app)
    for (const each of new Set<Scenario>(["p1p2", ...scenario])) {
      const application = await loadApplication(name, each);
      if (application.kind === "faulty") {
        reportFaulty(output, application);
        return undefined;
      }
      loaded.push({ scenario: each, application });
    }
  return loaded;
}

function loadedOf({ loaded }: Run, name: string, scenario: Scenario): LoadedApplication {
  const found = loaded.find((each) => each.application.name === name && each.scenario === scenario);
  assert(found !== undefined, `${name} is loaded`);
  return found.application;
}

/** Those of made-up traces, which take a minute beside the hours of the rest; none anew where a folder has some. */
async function placeApplications({ options, output, signal }: Run): Promise<void> {
  if ((await loadPlacements(options.out, output.progress)).length > 0) return;
  output.progress("placing policies on applications like those of production traces");
  const told: Output = { ...output, json: false, print: output.progress };
  const applications = options.quick === true ? quickApplications : wholeApplications;
  const which = { minCalls: 1, minServices: 2, timeLimit: 60, seed: options.seed, applications };
  // Some of them are not all: whatever ends this, who goes on finds none.
  const unfinished = join(options.out, "placing");
  await rm(unfinished, { recursive: true, force: true });
  await evalTraces([], { out: unfinished, ...which }, told);
  if (!signal.aborted) await rename(placementsFile(unfinished), placementsFile(options.out));
  await rm(unfinished, { recursive: true });
  signal.throwIfAborted();
}

/** The rates of each application. */
async function ratesOf(run: Run): Promise<ReadonlyMap<string, Rates>> {
  const { options, output, tools, known, signal } = run;
  const rates = new Map<string, Rates>();
  for (const application of namesOf(run)) {
    const isKnown = known.find((each) => each.kind === "capacity" && each.application === application);
    if (isKnown === undefined)
      output.progress(`${application}: which rate a proxy before every service sustains`);
    const capacity =
      isKnown ??
      (await measureCapacity({
        ...{ loaded: loadedOf(run, application, "p1p2"), tools, signal, progress: output.progress },
        seconds: trialSecondsOf(options),
      }));
    if (capacity === undefined)
      throw new WireError(
        "eval",
        `${application} sustains no rate on this machine: it is too slow, or too busy`,
      );
    if (isKnown === undefined) await keep(run, capacity);
    output.progress(`${application}: ${capacity.rate} requests a second`);
    rates.set(application, ratesAt(capacity.rate, options));
  }
  return rates;
}

function ratesAt(capacity: number, { quick: isQuick }: EvalAllOptions): Rates {
  const rateOf = (share: number): number => Math.max(1, Math.round(capacity * share));
  return { compared: rateOf(comparedShare), others: isQuick === true ? [] : otherShares.map(rateOf) };
}

function namesOf({ loaded }: Run): readonly string[] {
  return [...new Set(loaded.map(({ application }) => application.name))];
}

async function measureAll(run: Run, rates: ReadonlyMap<string, Rates>): Promise<void> {
  const { options, output, known } = run;
  const turns = plan({
    ...{ rates, scenarios: options.scenario, meshes: options.mesh },
    ...{ rounds: options.rounds, seconds: options.duration, seed: options.seed },
  })
    .map((turn) => ({ ...turn, loads: turn.loads.filter(({ rate }) => !isThere(known, turn, rate)) }))
    .filter(({ loads }) => loads.length > 0);
  run.troubles.length = 0;
  const ahead = turns.map((turn) => secondsOf(turn, options));
  const startMs = performance.now();
  for (const [index, turn] of turns.entries()) {
    const [done, left] = [sum(ahead.slice(0, index)), sum(ahead.slice(index))];
    const pace = index === 0 ? 1 : (performance.now() - startMs) / 1000 / done;
    const remaining = `about ${Math.ceil((left * pace) / 60)} min to go`;
    output.progress(`[${index + 1}/${turns.length}] round ${turn.round}: ${nameOf(turn)}; ${remaining}`);
    await measureTurn(run, turn);
  }
}

/** About what a turn takes, by which the time to go is told. */
function secondsOf({ loads }: PlannedTurn, options: EvalAllOptions): number {
  const secondsOfLoad = ({ seconds }: Load, at: number): number =>
    warmUpOf(at, warmUps(options)) + seconds + afterSeconds;
  return startSeconds + sum(loads.map(secondsOfLoad));
}

function warmUps({ startWarmUp, warmUp }: EvalAllOptions): WarmUp {
  return { afterStart: startWarmUp, each: warmUp };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0);
}

async function measureTurn(run: Run, turn: PlannedTurn): Promise<void> {
  const { options, output, tools, signal } = run;
  const loaded = loadedOf(run, turn.application, turn.scenario);
  const whole = {
    ...{ loaded, scenario: turn.scenario, mesh: turn.mesh, round: turn.round, loads: turn.loads },
    ...{ warmUp: warmUps(options), seed: options.seed },
  };
  try {
    for await (const result of evalTurn(whole, tools, { signal, progress: output.progress })) {
      await keep(run, result);
      const { requests, latencyMs } = result;
      output.progress(
        `    ${result.rate}/s: ${requests.answered} of ${requests.due} answered, p99 ${latencyMs?.p99.toFixed(1) ?? "-"} ms${result.void === undefined ? "" : `; VOID: ${result.void}`}`,
      );
    }
  } catch (error) {
    if (signal.aborted) throw error;
    // One turn that goes wrong, by whatever, must not cost the others: nobody looks on for hours.
    const why = error instanceof WireError ? error.message : String(error);
    run.troubles.push(`${nameOf(turn)}: ${why}`);
    output.progress(`    not measured: ${error instanceof WireError ? why : inspect(error)}`);
  }
}

async function keep(run: Run, result: Result): Promise<void> {
  // First into the file: what is not there is made again, and in no report.
  await appendResult(run.options.out, result);
  run.known.push(result);
}

/** A run that says nothing is made again by who goes on. */
function isThere(known: readonly Result[], turn: Omit<PlannedTurn, "loads">, rate: number): boolean {
  return runsOf(known, { ...turn, rate }).some((run) => run.round === turn.round && run.void === undefined);
}

function nameOf({
  application,
  scenario,
  mesh,
}: Pick<PlannedTurn, "application" | "scenario" | "mesh">): string {
  return `${application} ${scenario} as ${mesh}`;
}

async function finish({ options, output, known, troubles, signal }: Run): Promise<ExitCode> {
  const runs = known.filter((each) => each.kind === "run");
  const voids = runs.filter((each) => each.void !== undefined);
  const isMissing = voids.some((each) => !isThere(known, each, each.rate));
  const isComplete = !signal.aborted && troubles.length === 0 && !isMissing;
  const report = runs.length === 0 ? undefined : (await plot(options.out, known, output.progress)).at(-1);
  if (output.json) {
    const files = { results: resultsFile(options.out), report: report ?? null };
    const counts = { runs: runs.length, void: voids.length };
    output.print(JSON.stringify({ complete: isComplete, ...files, ...counts, troubles }));
  } else {
    output.print(`${runs.length} runs, ${voids.length} void, in ${resultsFile(options.out)}`);
    for (const trouble of troubles) output.print(`not measured: ${trouble}`);
    if (report !== undefined) output.print(`report: ${report}`);
  }
  return isMissing || troubles.length > 0 ? 3 : 0;
}
