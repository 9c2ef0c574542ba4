import { setTimeout as sleep } from "node:timers/promises";
import type { Work } from "./service.ts";

/** Compute and wait as much as a request takes. What else the process does does not count as computing, nor do times at which it has no core. */
export async function work({ cpuUs = 0, waitMs = 0 }: Work = {}): Promise<void> {
  if (cpuUs > 0) compute(cpuUs);
  if (waitMs > 0) await sleep(waitMs);
}

/** Two looks at the clock that are further apart have something else between them: another process, or a collection of garbage. */
const gapMsMin = 0.02;

/** By the clock: what the kernel says of a thread's CPU time is brought up to date only at its ticks, which are milliseconds apart. */
function compute(cpuUs: number): void {
  let leftMs = cpuUs / 1000;
  let lastMs = performance.now();
  while (leftMs > 0) {
    const nowMs = performance.now();
    if (nowMs - lastMs < gapMsMin) leftMs -= nowMs - lastMs;
    lastMs = nowMs;
  }
}
