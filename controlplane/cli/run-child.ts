import { strict as assert } from "node:assert";
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { dieWithParent } from "../../envoy/die-with-parent.ts";
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

/** Start one of our own programs as a child. It is told to end when we do, however we end. */
export function runChild(options: ChildOptions): Child {
  const bound = dieWithParent(process.execPath, [options.script, ...options.args], { signal: "TERM" });
  // In a group of its own: Ctrl-C reaches us alone, and we stop the children in order.
  const child = spawn(bound.command, bound.args, { stdio: [bound.stdin, "pipe", "pipe"], detached: true });
  const exited = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  const { stdout, stderr } = child;
  assert(stdout !== null && stderr !== null, "a child's output is piped");
  createInterface({ input: stderr }).on("line", (line) => options.progress(line));
  const ready = new Promise<unknown>((resolve, reject) => {
    createInterface({ input: stdout }).once("line", (line) => resolve(JSON.parse(line)));
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
