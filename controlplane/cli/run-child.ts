import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { WireError } from "../error/wire-error.ts";

export interface ChildOptions {
  readonly name: string;
  readonly script: string;
  readonly args: readonly string[];
  /** Each line of standard error. */
  progress(line: string): void;
}

export interface Child {
  readonly process: ChildProcess;
  /** The first line of standard output: a JSON line that says it is ready. */
  readonly ready: Promise<unknown>;
  readonly exited: Promise<number | null>;
  stop(): Promise<void>;
}

const stopMs = 3_000;

/** Start one of our own programs as a child. It ends when its standard input closes, and so with us, however we end. */
export function runChild(options: ChildOptions): Child {
  const child = spawn(process.execPath, [options.script, ...options.args], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, WIRE_SUPERVISED: "1" },
    // Ctrl-C reaches us alone; we stop the children in order.
    detached: true,
  });
  const exited = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  createInterface({ input: child.stderr }).on("line", (line) => options.progress(line));
  const ready = new Promise<unknown>((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", (line) => resolve(JSON.parse(line)));
    void exited.then((code) =>
      reject(new WireError(options.name, `it ended (code ${code}) before it was ready`)),
    );
  });
  // Whoever waits for it is told; where nobody does, its exit code says enough.
  ready.catch(() => undefined);
  return {
    process: child,
    ready,
    exited,
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), stopMs);
      await exited;
      clearTimeout(timer);
    },
  };
}
