import { expect, test } from "vitest";
import { work } from "./work.ts";

test("as much CPU is taken as was asked for, and not until the kernel next brings its accounts up to date", async () => {
  const before = process.threadCpuUsage();
  for (let n = 0; n < 2_000; n++) await work({ cpuUs: 100 });
  const { user, system } = process.threadCpuUsage(before);
  // The kernel's account may be ten milliseconds behind.
  expect(user + system).toBeGreaterThan(180_000);
  expect(user + system).toBeLessThan(400_000);
});
