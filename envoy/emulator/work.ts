import { setTimeout as sleep } from "node:timers/promises";
import type { Work } from "./service.ts";

/** Compute and wait as much as a request takes. What else the process does does not count as computing, nor do times at which it has no core. */
export async function work({ cpuUs = 0, waitMs = 0 }: Work = {}): Promise<void> {
  if (cpuUs > 0) compute(cpuUs);
  if (waitMs > 0) await sleep(waitMs);
}

function compute(cpuUs: number): void {
  const start = process.threadCpuUsage();
  for (;;) {
    const { user, system } = process.threadCpuUsage(start);
    if (user + system >= cpuUs) return;
  }
}
