import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Readable } from "node:stream";

export const root: string = resolve(import.meta.dirname, "../..");
export const hotel: string = join(root, "examples/meshes/hotel-reservation.yaml");

/** A net for one that hangs: on a busy machine a command takes many times what it takes alone. */
const killMsUsual = 240_000;

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** When it is killed. Default four minutes. */
  readonly killMs?: number;
}

/** `wire` as a user starts it, as a process that is still running. */
export function startWire(
  args: readonly string[],
  { env, cwd }: RunOptions = {},
): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(process.execPath, [join(root, "controlplane/cli/main.ts"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
}

/** Run `wire` to its end. One that does not end by itself is killed, and has the code null. */
export function runWire(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const child = startWire(args, options);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), options.killMs ?? killMsUsual);
  return new Promise((done) => {
    child.once("close", (code) => {
      clearTimeout(timer);
      done({ code, stdout, stderr });
    });
  });
}

/** A folder with these files, removed at the end. */
export function folderWith(files: Readonly<Record<string, string>>): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "wire-cli-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A port that someone else has. */
export function portInUse(
  host = "127.0.0.1",
  wanted = 0,
): Promise<{ readonly port: string } & AsyncDisposable> {
  const server = createServer();
  return new Promise((done) => {
    server.listen(wanted, host, () => {
      const address = server.address();
      const port = String(typeof address === "object" && address !== null ? address.port : 0);
      done({ port, [Symbol.asyncDispose]: () => new Promise((closed) => server.close(() => closed())) });
    });
  });
}
