// `npm test`, and with `--long` `npm run test:long`: what computes and what waits for Envoys run side by side, each as many files at a time as its project says. The
// first is shown as it comes, the second when the first is over. Where the first failed its failures are said again at the end, which is all that some keep of a log.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const modules = join(import.meta.dirname, "../node_modules");
const vitest = join(modules, "vitest/vitest.mjs");
/** Tests start the compiler a hundred times, each of which compiled it anew, in threads that no command can tell to keep that. */
const compiled = { NODE_COMPILE_CACHE: join(modules, ".cache/compiled") };
/** What vitest says above the failures and errors of a run, which it says last. */
const failures = /^.*(?:Failed (?:Suites|Tests)|Unhandled Errors) .*$/mu;
/** Bytes of the end of an output that names no failure. */
const enough = 4096;

const [isLong, given] = [process.argv.includes("--long"), process.argv.slice(2)];
const [computes, waits] = isLong
  ? [["long"], ["load"]]
  : [
      ["unit", "slow"],
      ["e2e", "container"],
    ];

interface Half {
  readonly show: () => void;
  readonly failed: Promise<boolean>;
  /** What it said of its failures. */
  readonly failures: () => string;
}

function run(projects: readonly string[]): Half {
  const args = projects.flatMap((project) => ["--project", project]);
  const child = spawn(
    process.execPath,
    [vitest, "run", "--passWithNoTests", ...args, ...given.filter((arg) => arg !== "--long")],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...compiled, ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}) },
    },
  );
  const said: Buffer[] = [];
  let isShown = false;
  const take = (chunk: Buffer): void => {
    if (isShown) process.stdout.write(chunk);
    said.push(chunk);
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  const show = (): void => {
    if (isShown) return;
    isShown = true;
    for (const chunk of said) process.stdout.write(chunk);
  };
  // A Ctrl-C is for all of the group: each ends by itself, and is waited for.
  process.on("SIGINT", show);
  return {
    show,
    failed: once(child, "close").then(([code]) => code !== 0),
    failures: () => {
      const text = Buffer.concat(said).toString();
      return text.slice(failures.exec(text)?.index ?? -enough);
    },
  };
}

const computing = run(computes);
const waiting = run(waits);
computing.show();
const isComputingFailed = await computing.failed;
waiting.show();
const isWaitingFailed = await waiting.failed;
if (isComputingFailed) process.stdout.write(computing.failures());
process.exitCode = isComputingFailed || isWaitingFailed ? 1 : 0;
