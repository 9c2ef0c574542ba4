import { expect, test } from "vitest";
import { work } from "./work.ts";

/** How long each of so many takes, in microseconds, in order. */
async function times(cpuUs: number, count: number): Promise<readonly number[]> {
  const all: number[] = [];
  for (let n = 0; n < count; n++) {
    const start = performance.now();
    await work({ cpuUs });
    all.push((performance.now() - start) * 1000);
  }
  return all.sort((a, b) => a - b);
}

test("a little computing takes a little, and not until the kernel next brings its accounts up to date", async () => {
  const all = await times(50, 501);
  expect(all[0]).toBeGreaterThanOrEqual(50);
  // On a busy machine some lose their core; half of them keep it.
  expect(all[250]).toBeLessThan(250);
});

test("as much CPU is taken as was asked for", async () => {
  const before = process.threadCpuUsage();
  await times(100, 2_000);
  const { user, system } = process.threadCpuUsage(before);
  // The kernel's account may be ten milliseconds behind.
  expect(user + system).toBeGreaterThan(180_000);
  expect(user + system).toBeLessThan(400_000);
});
