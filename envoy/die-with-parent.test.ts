import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { ParentWatch } from "./die-with-parent.ts";

/** A process that starts a bound `sleep`, prints its id, and waits to be killed. */
function parent(watch: ParentWatch): string {
  const module = JSON.stringify(join(import.meta.dirname, "die-with-parent.ts"));
  return `
    import { spawn } from "node:child_process";
    const { dieWithParent } = await import(${module});
    const bound = dieWithParent("sleep", ["60"], { watch: ${JSON.stringify(watch)} });
    const child = spawn(bound.command, bound.args, { stdio: [bound.stdin, "ignore", "ignore"], detached: true });
    setTimeout(() => console.log(child.pid), 200);
    setInterval(() => {}, 1000);
  `;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("dieWithParent", () => {
  const ways: readonly ParentWatch[] = process.platform === "linux" ? ["pdeathsig", "pipe"] : ["pipe"];
  // Most of it is waiting.
  test.concurrent.each(ways)("a killed parent takes its child along (%s)", async (watch) => {
    const killed = spawn(process.execPath, ["--input-type=module", "-e", parent(watch)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(killed.stdout, "data");
    const pid = Number(String(line).trim());
    expect(alive(pid)).toBe(true);
    killed.kill("SIGKILL");
    await once(killed, "close");
    // Killed at once; gone when the system's first process has collected it.
    for (let i = 0; i < 500 && alive(pid); i++) await sleep(20);
    expect(alive(pid)).toBe(false);
  });
});
