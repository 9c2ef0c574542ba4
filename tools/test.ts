// `npm test`: what computes and what waits for Envoys run side by side, each as many files at a time as its project says. The first is shown as it
// comes, the second when the first is over.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const vitest = join(import.meta.dirname, "../node_modules/vitest/vitest.mjs");

function run(projects: readonly string[]): {
  readonly output: { readonly show: () => void };
  readonly failed: Promise<boolean>;
} {
  const args = projects.flatMap((project) => ["--project", project]);
  const child = spawn(
    process.execPath,
    [vitest, "run", "--passWithNoTests", ...args, ...process.argv.slice(2)],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}) },
    },
  );
  const held: Uint8Array[] = [];
  let isShown = false;
  const take = (chunk: Uint8Array): void => {
    if (isShown) process.stdout.write(chunk);
    else held.push(chunk);
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  const show = (): void => {
    isShown = true;
    for (const chunk of held.splice(0)) process.stdout.write(chunk);
  };
  // A Ctrl-C is for all of the group: each ends by itself, and is waited for.
  process.on("SIGINT", show);
  return { output: { show }, failed: once(child, "close").then(([code]) => code !== 0) };
}

const computing = run(["unit", "slow"]);
const waiting = run(["e2e", "container"]);
computing.output.show();
const isComputingFailed = await computing.failed;
waiting.output.show();
const isWaitingFailed = await waiting.failed;
process.exitCode = isComputingFailed || isWaitingFailed ? 1 : 0;
