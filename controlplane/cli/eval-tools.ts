import { execFile } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { promisify } from "node:util";
import { findEnvoy } from "../../envoy/index.ts";
import { findVegeta } from "../../envoy/measure/find-vegeta.ts";
import type { Machine } from "../eval/run-result.ts";
import { processEnvoy } from "./process-envoy.ts";

/** What measurements need beside Wire, and where they are made. */
export interface EvalTools {
  /** Paths of binaries. */
  readonly envoy: string;
  readonly vegeta: string;
  readonly machine: Machine;
}

const run = promisify(execFile);

/** Find them, or fetch and build what is not there yet. */
export async function evalTools(progress: (line: string) => void): Promise<EvalTools> {
  const envoy = processEnvoy(await findEnvoy({ onProgress: progress }));
  const vegeta = await findVegeta({ onProgress: progress });
  return { envoy: envoy.path, vegeta, machine: await machineOf(envoy.version) };
}

export async function machineOf(envoy: string): Promise<Machine> {
  const [processor] = cpus();
  return {
    ...{ commit: await commit(), envoy, node: process.versions.node },
    ...{ processor: processor?.model ?? "unknown", cores: cpus().length },
    memoryGib: Math.round(totalmem() / 2 ** 30),
  };
}

async function commit(): Promise<string> {
  const git = async (...args: readonly string[]): Promise<string> =>
    (await run("git", ["-C", import.meta.dirname, ...args])).stdout.trim();
  try {
    const isChanged = (await git("status", "--porcelain")) !== "";
    return `${await git("rev-parse", "--short=12", "HEAD")}${isChanged ? "+" : ""}`;
  } catch {
    // It was installed as a package, or there is no git.
    return "unknown";
  }
}
