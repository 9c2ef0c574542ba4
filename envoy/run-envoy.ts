import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { WireError } from "../controlplane/error/wire-error.ts";
import { type AdminReply, admin, parseStats } from "./admin.ts";
import { dieWithParent } from "./die-with-parent.ts";
import { logTail } from "./log-tail.ts";

export interface StartEnvoyOptions {
  /** The binary, as `findEnvoy` finds it. */
  readonly path: string;
  /** What `bootstrap` returns, or any other configuration with the admin interface at the place below. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly adminAddress: string;
  /** Defaults to 9901. */
  readonly adminPort?: number;
  /** Worker threads. Defaults to 1. */
  readonly concurrency?: number;
  /** Defaults to `warning`; what filters log is let through from `info` on. */
  readonly logLevel?: string;
  /** How long a replaced or removed listener serves its old connections. Defaults to 5 seconds. */
  readonly drainTimeSeconds?: number;
  /** Until `/ready` says so, which under ADS is after the first resources. Defaults to 15 seconds. */
  readonly readyTimeoutMs?: number;
  /** Each piece of the log as it comes; the last 64 KiB are also kept, see `logs`. */
  readonly onLog?: (chunk: string) => void;
  /** Each whole line of standard output, where an access log goes; it is in the log too. */
  readonly onOutputLine?: (line: string) => void;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningEnvoy {
  readonly pid: number;
  readonly adminAddress: string;
  readonly adminPort: number;
  /** Settles when the process has ended, whoever ended it. Never rejects. */
  readonly exited: Promise<Exit>;
  /** The end of its log. */
  readonly logs: () => string;
  /** Counters and gauges; `filter` is a regular expression for Envoy. */
  readonly stats: (filter?: string) => Promise<ReadonlyMap<string, number>>;
  readonly admin: (path: string, method?: "GET" | "POST") => Promise<AdminReply>;
  /** Drain, then SIGTERM, then SIGKILL. Settles when the process has ended; may be called twice. */
  readonly stop: (options?: { readonly drainMs?: number }) => Promise<Exit>;
}

const logBytesMax = 65_536;
const pollMs = 15;
const termMs = 3_000;

/** Start an Envoy that ends with this process, and wait until it is ready. */
export async function startEnvoy(options: StartEnvoyOptions): Promise<RunningEnvoy> {
  const bound = dieWithParent(options.path, flags(options));
  // In a group of its own, so that Ctrl-C in a terminal reaches us alone and Envoys are drained first.
  const child = spawn(bound.command, bound.args, { stdio: [bound.stdin, "pipe", "pipe"], detached: true });
  const envoy = supervise(child, options);
  try {
    await untilReady(envoy, options.readyTimeoutMs ?? 15_000);
    return envoy;
  } catch (error) {
    await envoy.stop({ drainMs: 0 });
    throw error;
  }
}

function flags(options: StartEnvoyOptions): readonly string[] {
  return [
    "--config-yaml",
    JSON.stringify(options.config),
    "--disable-hot-restart",
    "--concurrency",
    String(options.concurrency ?? 1),
    "--log-level",
    options.logLevel ?? "warning",
    "--component-log-level",
    "wasm:info",
    // An access log that is ten seconds late, as by default, is of no use to who looks for a request just made.
    "--file-flush-interval-msec",
    "1000",
    "--drain-time-s",
    String(options.drainTimeSeconds ?? 5),
    // Connections are told at once, not spread over the drain time: here a move of traffic waits for them.
    "--drain-strategy",
    "immediate",
  ];
}

function supervise(child: ChildProcess, options: StartEnvoyOptions): RunningEnvoy {
  const log = logTail(logBytesMax);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      log.push(chunk);
      options.onLog?.(chunk);
    });
  }
  const { onOutputLine } = options;
  if (onOutputLine !== undefined && child.stdout !== null)
    createInterface({ input: child.stdout }).on("line", onOutputLine);
  const exited = new Promise<Exit>((resolve) => {
    // `close` comes after the last output has been read, `error` when nothing could be spawned.
    child.once("close", (code, signal) => resolve({ code, signal }));
    child.once("error", (error) => {
      log.push(`${error.message}\n`);
      resolve({ code: null, signal: null });
    });
  });
  const adminPort = options.adminPort ?? 9901;
  const ask = (path: string, method: "GET" | "POST" = "GET"): Promise<AdminReply> =>
    admin({ address: options.adminAddress, port: adminPort, path, method });
  const stats = async (filter?: string): Promise<ReadonlyMap<string, number>> =>
    parseStats(
      (await ask(filter === undefined ? "/stats" : `/stats?filter=${encodeURIComponent(filter)}`)).body,
    );
  let stopping: Promise<Exit> | undefined;
  const stop = async (drainMs: number): Promise<Exit> => {
    if (drainMs > 0) await Promise.race([drain(ask, stats, drainMs), exited]);
    child.kill("SIGTERM");
    const ended = await Promise.race([exited, sleep(termMs, undefined, { ref: false })]);
    if (ended === undefined) child.kill("SIGKILL");
    return exited;
  };
  return {
    pid: child.pid ?? 0,
    adminAddress: options.adminAddress,
    adminPort,
    exited,
    logs: log.text,
    stats,
    admin: ask,
    stop: (stopOptions) => {
      stopping ??= stop(stopOptions?.drainMs ?? 1_000);
      return stopping;
    },
  };
}

/** Ask clients to leave, and wait until they have or the time is up. An admin that does not answer ends it. */
async function drain(
  ask: RunningEnvoy["admin"],
  stats: RunningEnvoy["stats"],
  drainMs: number,
): Promise<void> {
  const deadline = performance.now() + drainMs;
  try {
    await ask("/healthcheck/fail", "POST");
    await ask("/drain_listeners?graceful", "POST");
    while (performance.now() < deadline) {
      const active = await stats("^listener\\..*\\.downstream_cx_active$");
      const open = [...active].filter(([name]) => !name.startsWith("listener.admin."));
      if (open.every(([, count]) => count === 0)) return;
      await sleep(4 * pollMs);
    }
  } catch {
    // It is gone or stuck; the signals that follow deal with both.
  }
}

async function untilReady(envoy: RunningEnvoy, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  const ended = envoy.exited.then((exit) => ({ exit }));
  while (performance.now() < deadline) {
    const ready = envoy.admin("/ready").then(
      (reply) => reply.status === 200,
      () => false,
    );
    const outcome = await Promise.race([ended, ready]);
    if (typeof outcome === "object") {
      const how = outcome.exit.signal ?? `code ${outcome.exit.code}`;
      throw new WireError("envoy-start", `envoy ended (${how}) before it was ready${tail(envoy)}`);
    }
    if (outcome) return;
    await sleep(pollMs);
  }
  throw new WireError("envoy-start", `envoy was not ready after ${timeoutMs} ms${tail(envoy)}`);
}

/** The end of the log: that is where Envoy says why. Where it adds its whole configuration, that is left out. */
function tail(envoy: RunningEnvoy): string {
  const lines = envoy
    .logs()
    .trim()
    .split("\n")
    .filter((line) => line !== "" && !/initializing config|^\s*\{/.test(line))
    .map((line) => (line.length > 300 ? `${line.slice(0, 300)}…` : line))
    .slice(-3);
  return lines.length === 0 ? "" : `: its log ends with\n  ${lines.join("\n  ")}`;
}
