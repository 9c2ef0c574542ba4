import type { Mode, Scenario } from "../eval/mode.ts";
import { runsOf } from "../eval/results.ts";
import type { RunResult } from "../eval/run-result.ts";
import { runText } from "../eval/run-text.ts";
import { loadApplication } from "./eval-applications.ts";
import { appendResult, loadResults } from "./eval-files.ts";
import { evalTools } from "./eval-tools.ts";
import { evalTurn } from "./eval-turn.ts";
import type { ExitCode } from "./main.ts";
import { createOutput } from "./report.ts";
import { reportFaulty } from "./report-faulty.ts";
import { untilInterrupted } from "./until-interrupted.ts";

export interface EvalRunOptions {
  /** Its name, or the folder of one of the user's. */
  readonly app: string;
  readonly scenario: Scenario;
  readonly mesh: Mode;
  readonly rate: number;
  readonly duration: number;
  readonly warmUp: number;
  readonly out?: string;
  readonly json?: boolean;
}

/** `wire eval run`: one application at one rate in one mesh. */
export async function evalRun(options: EvalRunOptions): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const { progress } = output;
  const stop = new AbortController();
  void untilInterrupted().then(() => {
    progress("stopping");
    stop.abort();
  });
  const { app, scenario, mesh, rate, duration: seconds, warmUp: warmUpSeconds, out } = options;
  const loaded = await loadApplication(app, scenario);
  if (loaded.kind === "faulty") {
    reportFaulty(output, loaded);
    return 1;
  }
  const known = out === undefined ? [] : await loadResults(out, progress);
  const tools = await evalTools(progress);
  progress(`starting ${loaded.name} as ${mesh}`);
  // Who measures the same again adds a round to it.
  const rounds = runsOf(known, { application: loaded.name, scenario, mesh, rate }).map(({ round }) => round);
  const round = 1 + Math.max(0, ...rounds);
  const loads = [{ rate, seconds }];
  const warmUp = { afterStart: warmUpSeconds, each: warmUpSeconds };
  const turn = { loaded, scenario, mesh, loads, warmUp, round, seed: 1 };
  let result: RunResult | undefined;
  try {
    const onMeasuring = (): void =>
      progress(`measuring for ${seconds} s, after ${warmUpSeconds} s that count for nothing`);
    for await (const each of evalTurn(turn, tools, { signal: stop.signal, progress, onMeasuring }))
      result = each;
  } catch (error) {
    // What broke off with the interrupt is its consequence.
    if (!stop.signal.aborted) throw error;
  }
  if (result === undefined) return 0;
  if (out !== undefined) await appendResult(out, result);
  output.print(output.json ? JSON.stringify(result) : runText(result));
  return result.void === undefined ? 0 : 3;
}
