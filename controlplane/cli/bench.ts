import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommanderError } from "commander";
import { findEnvoy } from "../../envoy/index.ts";
import { costInterface } from "../costs/cost-interface.ts";
import { type CostFigure, costNames, measureCosts } from "../costs/measure-costs.ts";
import type { ExitCode } from "./main.ts";
import { processEnvoy } from "./process-envoy.ts";
import { createOutput } from "./report.ts";
import { untilInterrupted } from "./until-interrupted.ts";

const requestsPerTurn = 500;
const idleMs = 5000;

/** `wire bench`: what proxies and actions take, in an Envoy on this machine. What was measured until an interrupt is printed. */
export async function bench(
  [pattern = "^cost/"]: readonly string[],
  options: { readonly rounds: number; readonly json?: boolean },
): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const wanted = patternOf(pattern);
  const envoy = processEnvoy(await findEnvoy({ onProgress: output.progress }));
  output.progress(`Envoy ${envoy.version}`);
  const folder = await mkdtemp(join(tmpdir(), "wire-bench-"));
  const stop = new AbortController();
  void untilInterrupted().then(() => {
    output.progress("stopping");
    stop.abort();
  });
  const figures: CostFigure[] = [];
  try {
    await measureCosts({
      wanted,
      rounds: options.rounds,
      ...{ requestsPerTurn, idleMs, folder, signal: stop.signal, progress: output.progress },
      found(figure) {
        figures.push(figure);
        if (!output.json) output.print(line(figure));
      },
    });
  } catch (error) {
    // What broke off with the interrupt is its consequence.
    if (!stop.signal.aborted) throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const complete = !stop.signal.aborted;
  if (output.json)
    output.print(
      JSON.stringify({ envoy: envoy.version, complete, figures, interface: costInterface(figures) }),
    );
  else output.print(`\n${costInterface(figures)}`);
  return 0;
}

function patternOf(pattern: string): RegExp {
  const wanted = regex(pattern);
  if (wanted !== undefined && costNames.some((name) => wanted.test(name))) return wanted;
  const why = wanted === undefined ? "is no regular expression" : "names no case";
  throw new CommanderError(
    2,
    "wire.bench",
    `error: \`${pattern}\` ${why}: there are ${costNames.slice(0, 6).join(", ")}, and so on for each action`,
  );
}

function regex(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern);
  } catch {
    return undefined;
  }
}

function line({ name, value, unit }: CostFigure): string {
  return `${name.padEnd(40)}${value.toFixed(2).padStart(10)} ${unit}`;
}
