import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { applicationNames } from "../../controlplane/eval/application-names.ts";
import { modes, scenarios } from "../../controlplane/eval/mode.ts";
import { readLines } from "../../controlplane/eval/read-lines.ts";
import { runResult } from "../../controlplane/eval/results.ts";
import type { RunResult } from "../../controlplane/eval/run-result.ts";
import { begunWith, toolsIn } from "../cli/begun-eval.ts";
import { folderWith, runWire, startWire } from "../cli/run-wire.ts";

// Every application in every mesh with each set of policies, real Envoys and real load: what is measured is looked at elsewhere, here that it is measured, that the answers
// show the policies, and that the figures are of what they say.

const timeout = 240_000;

const all = applicationNames.flatMap((name) => scenarios.map((scenario) => [name, scenario] as const));

describe.each(all)("%s %s", (name, scenario) => {
  test.each(modes)("as %s", { timeout }, async (mesh) => {
    const which = ["--app", name, "--scenario", scenario, "--mesh", mesh];
    const how = ["--rate", "10", "--duration", "2", "--warm-up", "1", "--json"];
    const { code, stdout, stderr } = await runWire(["eval", "run", ...which, ...how], { killMs: timeout });
    expect(code, stderr).toBe(0);
    const run: RunResult = JSON.parse(stdout);
    expect(run).toMatchObject({ kind: "run", application: name, scenario, mesh, rate: 10 });
    expect(run.requests).toEqual({ due: 20, answered: 20 });
    expect(run.cores.services).toBeGreaterThan(0);
    expect(run.memoryMib.services).toBeGreaterThan(10);
    if (mesh === "none") {
      expect(run.proxies).toBe(0);
      expect(run.memoryMib.proxies).toBe(0);
      expect(run.enforcement).toBeUndefined();
      return;
    }
    expect(run.enforcement?.covered).toBeGreaterThan(0);
    expect(run.enforcement?.wrong).toBe(0);
    expect(run.cores.proxies).toBeGreaterThan(0);
    // No Envoy takes less, and none here takes four times as much.
    expect(run.memoryMib.proxies / run.proxies).toBeGreaterThan(20);
    expect(run.memoryMib.proxies / run.proxies).toBeLessThan(300);
    if (mesh === "node") expect(run.proxies).toBe(1);
    if (mesh === "wire") expect(run.proxies).toBeLessThan(run.services);
  });
});

test("what was measured before Ctrl-C is kept, and the same command goes on from there to the report", {
  timeout,
}, async () => {
  using folder = folderWith({});
  const args = ["eval", "all", "--quick", "--app", "bookinfo", "--scenario", "p1", "--mesh", "none", "wire"];
  const child = startWire([...args, "--out", folder.path, "--json"]);
  const file = join(folder.path, "runs.jsonl");
  const runs = () => {
    const { lines, unread } = readLines(readFileSync(file, "utf8"), runResult);
    expect(unread).toEqual([]);
    return lines.filter(({ kind }) => kind === "run");
  };
  const closed = once(child, "close");
  let log = "";
  await new Promise<void>((resolve) => {
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      log += chunk;
      if (log.includes("[2/2]")) resolve();
    });
    child.once("close", () => resolve());
  });
  child.kill("SIGINT");
  const [code] = await closed;
  expect(code, log).toBe(0);
  const [first, ...others] = runs();
  expect(others).toEqual([]);
  const again = await runWire([...args, "--out", folder.path, "--json"], { killMs: timeout });
  expect(again.code, again.stderr).toBe(0);
  expect(JSON.parse(again.stdout)).toMatchObject({ complete: true, runs: 2, void: 0, troubles: [] });
  expect(runs()[0]).toEqual(first);
  const html = readFileSync(join(folder.path, "report.html"), "utf8");
  expect(html).toContain("2 runs in 1 round, of which 0 are void");
  // It is one machine, and told once.
  expect(html.match(/ GiB, for services/gu)).toHaveLength(1);
});

test("who runs the same again into one folder adds a round, and the report compares these", {
  timeout,
}, async () => {
  using folder = folderWith({});
  const which = ["--app", "bookinfo", "--mesh", "none", "--rate", "10", "--out", folder.path];
  for (const round of [1, 2]) {
    const args = ["eval", "run", ...which, "--duration", "1", "--warm-up", "1", "--json"];
    const { code, stdout, stderr } = await runWire(args, { killMs: timeout });
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ round });
  }
  const { code, stderr } = await runWire(["eval", "plot", folder.path]);
  expect(code, stderr).toBe(0);
  const html = readFileSync(join(folder.path, "report.html"), "utf8");
  expect(html).toContain("2 runs in 2 rounds, of which 0 are void");
  expect(html).toContain("compared at the highest rate: bookinfo 10");
  expect(html).toContain("<td>0 of 5</td><td>20 of 20</td>");
});

test("where one proxy does not start, the others do not stay in the way of the next mesh", {
  timeout,
}, async () => {
  using folder = folderWith(begunWith([]));
  const log = join(folder.path, "log");
  const proxy = `
    const { node, admin } = JSON.parse(process.argv[process.argv.indexOf("--config-yaml") + 1]);
    if (node.id === "reviews") process.exit(1);
    const say = (what) => require("node:fs").appendFileSync(${JSON.stringify(log)}, what + "\\n");
    const server = require("node:http").createServer((_, response) => response.end());
    server.on("error", ({ code }) => say(code)).on("listening", () => say("ready"));
    // When the one has ended.
    setTimeout(() => server.listen(9901, admin.address.socket_address.address), 500);`;
  const which = ["--app", "bookinfo", "--scenario", "p1", "--mesh", "sidecars"];
  const { code, stdout, stderr } = await runWire(
    ["eval", "all", "--quick", ...which, "--out", folder.path, "--json"],
    { env: toolsIn(folder.path, proxy), killMs: timeout },
  );
  expect(code, stderr).toBe(3);
  expect(JSON.parse(stdout).troubles).toEqual([expect.stringContaining("envoy ended (code 1)")]);
  // All but one of five, in both turns.
  expect(readFileSync(log, "utf8").trim().split("\n")).toEqual(Array(2 * 4).fill("ready"));
});
