import { join } from "node:path";
import { type Child, runChild } from "./run-child.ts";
import type { StagingOptions } from "./staging.ts";

export interface ControlPlaneChildOptions {
  readonly policies: readonly string[];
  readonly params?: string;
  readonly mesh: string;
  /** A file with the text of the mesh, whatever becomes of the user's. */
  readonly meshText: string;
  /** Holds the state file, so that a restart goes on where the last one was. */
  readonly folder: string;
  readonly xdsPort: number;
  readonly httpPort: number;
  /** A file with the secret of the states of paths. */
  readonly pathKey?: string;
  /** Seconds between two reports of a proxy's load; 0 asks for none. */
  readonly loadInterval: number;
  /** How changes are staged; they come to all proxies together where nothing is given. */
  readonly staging: Omit<StagingOptions, "proxyAdmin">;
  progress(line: string): void;
}

export interface RunningControlPlane {
  readonly xdsPort: number;
  /** The base of its HTTP API. */
  readonly http: string;
  /** Of the process that runs now. */
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/** One that does not come up: it has told people why on standard error, and programs in the first line of its output, if any. */
export interface FailedControlPlane {
  readonly exitCode: number;
  readonly said?: unknown;
}

/** What `wire serve --json` prints first. */
interface Endpoints {
  readonly xds: string;
  readonly http: string;
}

const backoffMsMin = 100;
const backoffMsMax = 5_000;
/** One that ran this long was well: its end is a new trouble. */
const wellMs = 10_000;

/**
 * Run `wire serve` as a supervised child: when it ends it is started again, on the ports that it had. How it
 * failed instead, when it does not come up the first time.
 */
export async function runControlPlane(
  options: ControlPlaneChildOptions,
): Promise<RunningControlPlane | FailedControlPlane> {
  const start = (xdsPort: number, httpPort: number): Child =>
    runChild({
      name: "serve",
      script: join(import.meta.dirname, "main.ts"),
      args: [
        ...["serve", ...options.policies, "--mesh", options.mesh, "--mesh-text", options.meshText, "--json"],
        ...(options.params === undefined ? [] : ["--params", options.params]),
        ...["--xds-port", String(xdsPort), "--http-port", String(httpPort)],
        ...(options.pathKey === undefined ? [] : ["--path-key", options.pathKey]),
        ...["--load-interval", String(options.loadInterval)],
        ...stagingArgs(options.staging),
        ...["--state", join(options.folder, "state.json"), "--follower", "services"],
      ],
      progress: options.progress,
    });

  const first = start(options.xdsPort, options.httpPort);
  const outcome = await endpointsOf(first);
  if ("exitCode" in outcome) return outcome;

  const xdsPort = portOf(outcome.xds);
  const httpPort = portOf(outcome.http);
  let current = first;
  let stopping = false;
  let backoffMs = backoffMsMin;
  const supervise = (child: Child): void => {
    const startedMs = performance.now();
    void child.exited.then((code) => {
      if (stopping) return;
      options.progress(
        `control plane ended (${code === null ? "by a signal" : `code ${code}`}); starting it again`,
      );
      if (performance.now() - startedMs > wellMs) backoffMs = backoffMsMin;
      setTimeout(() => {
        if (stopping) return;
        current = start(xdsPort, httpPort);
        supervise(current);
      }, backoffMs);
      backoffMs = Math.min(backoffMs * 2, backoffMsMax);
    });
  };
  supervise(first);
  return {
    xdsPort,
    http: outcome.http,
    get pid() {
      return current.process.pid;
    },
    async stop() {
      stopping = true;
      await current.stop();
    },
  };
}

function stagingArgs({ canary, waves, soak, successRate }: ControlPlaneChildOptions["staging"]): string[] {
  const all = { canary, waves, soak, "success-rate": successRate };
  return Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
}

/** What it prints when it is up. Where the input is at fault its first line is about that, and then it ends. */
async function endpointsOf(child: Child): Promise<Endpoints | FailedControlPlane> {
  const line = await child.ready.catch(() => undefined);
  if (isEndpoints(line)) return line;
  return { exitCode: (await child.exited) ?? 3, ...(line === undefined ? {} : { said: line }) };
}

function isEndpoints(line: unknown): line is Endpoints {
  return typeof line === "object" && line !== null && "xds" in line && "http" in line;
}

function portOf(endpoint: string): number {
  return Number(endpoint.slice(endpoint.lastIndexOf(":") + 1));
}
