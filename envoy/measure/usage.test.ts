import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { usageOf } from "./usage.ts";

/** One that has taken something, and takes nothing more. */
async function idle(script: string) {
  const child = spawn(process.execPath, ["-e", `${script}; console.log("idle"); setInterval(() => {}, 1e9)`]);
  await once(child.stdout, "data");
  return { pid: child.pid ?? 0, [Symbol.dispose]: () => void child.kill("SIGKILL") };
}

test("what several processes have taken is the sum of what each has", async () => {
  using small = await idle("");
  using large = await idle("globalThis.held = Buffer.alloc(200 << 20, 1)");
  const [one, other] = [usageOf([small.pid]), usageOf([large.pid])];
  const both = usageOf([small.pid, large.pid]);
  // A process that has just begun to idle may still do a little.
  expect(both.memoryKib / (one.memoryKib + other.memoryKib)).toBeCloseTo(1, 1);
  expect(both.cpuNs).toBeGreaterThanOrEqual(one.cpuNs + other.cpuNs);
  expect(other.memoryKib - one.memoryKib).toBeGreaterThan(190 * 1024);
  expect(one.cpuNs).toBeGreaterThan(1e6);
  expect(usageOf([])).toEqual({ cpuNs: 0, memoryKib: 0 });
});
