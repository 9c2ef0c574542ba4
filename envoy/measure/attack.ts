import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { WireError } from "../../controlplane/error/wire-error.ts";
import { dieWithParent } from "../die-with-parent.ts";

export interface AttackOptions {
  /** A Vegeta, as `findVegeta` finds it. */
  readonly vegeta: string;
  /** What is asked for, in turn. */
  readonly urls: readonly string[];
  /** Sent with each request. Default none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Requests a second, to a thousandth, whatever becomes of those before. */
  readonly rate: number;
  readonly seconds: number;
  /** After so many seconds a request is given up. Default 10. */
  readonly timeoutSeconds?: number;
  /** Whether the server speaks HTTP/2 without TLS and not HTTP/1.1. Default false. */
  readonly isHttp2?: boolean;
  readonly signal?: AbortSignal;
  /** Called when the process runs, with its id. */
  readonly onStarted?: (pid: number) => void;
}

/** One request and what came of it. */
export interface Hit {
  /** Its number among the requests, which were asked for in this order, from 0. */
  readonly number: number;
  /** When it was due, in milliseconds after the first. */
  readonly dueMs: number;
  /** From when it was due, and not from when it was sent: one that has to wait for others is late. */
  readonly latencyMs: number;
  /** 0: no answer. */
  readonly status: number;
  /** Why there was no answer. */
  readonly error?: string;
  readonly body: string;
}

/** Requests under way at most; one that is due when so many are waits, and is late, or is never sent. */
const workersMax = 4_096;

/** Make requests at a constant rate, an open loop; resolves when all are answered or given up, with what came of each that was due. */
export async function attack(options: AttackOptions): Promise<readonly Hit[]> {
  const folder = await mkdtemp(join(tmpdir(), "wire-attack-"));
  try {
    const [targets, results] = [join(folder, "targets"), join(folder, "results")];
    const { urls, headers = {}, rate, seconds, timeoutSeconds = 10, isHttp2 = false } = options;
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`);
    await writeFile(targets, urls.map((url) => `GET ${url}\n${lines.join("")}`).join("\n"));
    await run(options, [
      ...["attack", "-targets", targets, "-output", results, "-rate", `${Math.round(rate * 1000)}/1000s`],
      ...["-duration", `${seconds}s`, "-timeout", `${timeoutSeconds}s`, "-workers", "64"],
      ...["-max-workers", `${workersMax}`, "-redirects", "-1", isHttp2 ? "-h2c" : "-http2=false"],
    ]);
    const answered: Answered[] = [];
    await run(options, ["encode", "-to", "json", results], (line) => answered.push(answeredOf(line)));
    return withUnsent(hitsOf(answered, rate), { rate, seconds });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What Vegeta says of a request. */
export interface Answered {
  readonly number: number;
  /** When it was sent, in milliseconds since some moment. */
  readonly sentMs: number;
  readonly tookMs: number;
  readonly status: number;
  readonly error: string;
  readonly body: string;
}

/** When requests were due: each so long after the one before; and none was sent before it was due. */
export function hitsOf(answered: readonly Answered[], rate: number): readonly Hit[] {
  // In this order, so that whole seconds are whole.
  const due = (number: number): number => (number * 1000) / rate;
  const firstMs = answered.reduce(
    (least, { number, sentMs }) => Math.min(least, sentMs - due(number)),
    Number.POSITIVE_INFINITY,
  );
  return answered
    .map(({ number, sentMs, tookMs, status, error, body }) => {
      const dueMs = due(number);
      const latencyMs = sentMs - firstMs + tookMs - dueMs;
      return { number, dueMs, latencyMs, status, body, ...(status === 0 ? { error } : {}) };
    })
    .sort((a, b) => a.number - b.number);
}

/** Those too that were due and never sent: Vegeta ends in time, and says nothing of what waited until then. */
export function withUnsent(
  hits: readonly Hit[],
  { rate, seconds }: Pick<AttackOptions, "rate" | "seconds">,
): readonly Hit[] {
  const sent = new Set(hits.map(({ number }) => number));
  const unsent = Array.from({ length: Math.floor(rate * seconds) }, (_, number) => number).filter(
    (number) => !sent.has(number),
  );
  const hitOf = (number: number): Hit => {
    const dueMs = (number * 1000) / rate;
    return { number, dueMs, latencyMs: seconds * 1000 - dueMs, status: 0, error: "not sent", body: "" };
  };
  return [...hits, ...unsent.map(hitOf)];
}

/** A line of `vegeta encode -to json`. */
export function answeredOf(line: string): Answered {
  const { seq, timestamp, latency, code, error, body } = JSON.parse(line) as {
    readonly seq: number;
    readonly timestamp: string;
    /** Nanoseconds. */
    readonly latency: number;
    readonly code: number;
    readonly error: string;
    readonly body: string | null;
  };
  // JavaScript's dates end at milliseconds.
  const [, whole = "", fraction = "", zone = ""] =
    /^([^.]*)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/u.exec(timestamp) ?? [];
  const sentMs = Date.parse(`${whole}${zone}`) + Number(`0.${fraction || "0"}`) * 1000;
  return {
    ...{ number: seq, sentMs, tookMs: latency / 1e6, status: code, error },
    body: Buffer.from(body ?? "", "base64").toString(),
  };
}

async function run(
  { vegeta, signal, onStarted }: AttackOptions,
  args: readonly string[],
  onLine: (line: string) => void = () => {},
): Promise<void> {
  signal?.throwIfAborted();
  const bound = dieWithParent(vegeta, args);
  // In a group of its own: Ctrl-C reaches us alone.
  const child = spawn(bound.command, bound.args, { stdio: [bound.stdin, "pipe", "pipe"], detached: true });
  const stop = (): void => void child.kill("SIGKILL");
  signal?.addEventListener("abort", stop, { once: true });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    said = `${said}${chunk}`.slice(-1_000);
  });
  if (child.stdout !== null) createInterface({ input: child.stdout }).on("line", onLine);
  if (child.pid !== undefined && args[0] === "attack") onStarted?.(child.pid);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  signal?.removeEventListener("abort", stop);
  signal?.throwIfAborted();
  if (code !== 0) throw new WireError("vegeta", `vegeta ${args[0]} ended (code ${code}): ${said.trim()}`);
}
