import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");

test("npm start shows within a minute where proxies are, why, and what each policy did", async () => {
  const child = spawn("npm", ["start"], { cwd: root, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  const exited = new Promise<number | null>((done) => child.once("close", (code) => done(code)));
  const startMs = performance.now();
  while (!/no policy: \d+ other calls/.test(text) && performance.now() - startMs < 60_000) await sleep(100);
  // Ctrl-C in a terminal reaches the whole group.
  process.kill(-(child.pid ?? 0), "SIGINT");
  await exited;

  expect(text).toMatch(/in force: 3 of 22 services have a proxy/);
  expect(text).toMatch(/search: canary-rate at egress for search -> rate/);
  expect(text).toMatch(/hot-path:\n +search -> geo +(\d+) requests: critical: true in \1\n/);
  expect(text).toMatch(/no-scrapers:\n +frontend -> search +\d+ requests: answered 403 in \d+/);
  expect(text).toMatch(/canary-rate:\n +search -> rate .*version v2 in \d+/);
  expect(text).toMatch(/no policy: 19 other calls, as they were sent/);
  expect(text).not.toMatch(/not placed there|requests from outside failed/);
  expect(text).toMatch(/HTTP API: http:\/\/127\.0\.0\.1:\d+\/status/);
  expect(text).toMatch(/Edit filters\/\S+ and save it to see it change/);
});
