import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { startWire } from "./start-wire.ts";

/** Processes that descend from `root`, found before it ends: a child that lost its parent has no way back to it. */
async function descendantsOf(root: number): Promise<readonly number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    // The command in parentheses may hold spaces; the parent is the second field behind it.
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    parents.set(Number(name), parent);
  }
  const below = (pid: number): readonly number[] =>
    [...parents].filter(([, parent]) => parent === pid).flatMap(([child]) => [child, ...below(child)]);
  return below(root);
}

async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // A zombie has ended; it only waits for whoever reaps it.
  return stat !== "" && !stat.slice(stat.lastIndexOf(")")).startsWith(") Z");
}

async function untilGone(pids: readonly number[]): Promise<readonly number[]> {
  for (let tries = 0; tries < 100; tries++) {
    const left = (await Promise.all(pids.map(isRunning))).filter(Boolean);
    if (left.length === 0) return [];
    await sleep(100);
  }
  const running = await Promise.all(pids.map(isRunning));
  return pids.filter((_, index) => running[index]);
}

test.each([
  ["Ctrl-C", "SIGINT", 0],
  ["a crash", "SIGKILL", null],
] as const)("%s leaves no process behind", async (_, signal, code) => {
  const wire = await startWire({
    mesh: "examples/meshes/hotel-reservation.yaml",
    from: ["filters/hot-path"],
  });
  const pids = await descendantsOf(wire.pids.up);
  // The control plane, the services, and an Envoy each for geo and rate.
  expect(pids.length).toBeGreaterThanOrEqual(4);
  expect(await wire.stop(signal)).toBe(code);
  expect(await untilGone(pids)).toEqual([]);
});
