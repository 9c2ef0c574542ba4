import { once } from "node:events";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { declaredDataplanes } from "../../controlplane/language/check-imports.ts";
import { runWire, startWire } from "../cli/run-wire.ts";

test("costs are measured in an Envoy, and printed as an interface", async () => {
  const pattern =
    "^cost/(proxy/.*|module/.*|path/.*|action/(Request.SetHeader|string.ToLower|int.ToString))$";
  const { code, stdout, stderr } = await runWire(["bench", "--json", "--rounds", "1", pattern]);
  expect(code, stderr).toBe(0);
  const said = JSON.parse(stdout) as {
    readonly complete: boolean;
    readonly figures: readonly { readonly name: string; readonly value: number; readonly unit: string }[];
    readonly interface: string;
  };
  expect(said.complete).toBe(true);
  expect(said.figures.map(({ name, unit }) => `${name} ${unit}`)).toEqual([
    "cost/proxy/cpu mCPU",
    "cost/proxy/memory MiB",
    "cost/module/memory MiB",
    "cost/proxy/request us",
    "cost/module/request us",
    "cost/path/stamp us",
    "cost/path/check us",
    "cost/action/Request.SetHeader us",
    "cost/action/string.ToLower us",
    "cost/action/int.ToString us",
  ]);
  const memory = said.figures.find(({ name }) => name === "cost/proxy/memory")?.value ?? 0;
  expect(memory).toBeGreaterThan(10);
  const [dataplane, ...others] = declaredDataplanes([{ path: "measured.cui", text: said.interface }]);
  expect(others).toEqual([]);
  expect(dataplane?.name).toBe("envoy");
  expect(dataplane?.cost).toEqual({
    cpuMilli: expect.any(Number),
    memoryMib: expect.closeTo(memory, 1),
    requestNs: expect.any(Number),
    stampNs: expect.any(Number),
    checkNs: expect.any(Number),
  });
  expect(Object.keys(dataplane?.actionCosts ?? {}).sort()).toEqual([
    "RPCRequest.SetHeader",
    "Request.SetHeader",
    "int.ToString",
    "string.ToLower",
  ]);
});

test("an interrupt ends it, with nothing left behind", async () => {
  const folders = (): readonly string[] =>
    readdirSync(tmpdir()).filter((name) => name.startsWith("wire-bench-"));
  const before = folders();
  const child = startWire(["bench", "--json"]);
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
    // A second one would end it at once.
    if (stderr.includes("a request through a proxy") && !child.killed) child.kill("SIGINT");
  });
  const [code] = (await once(child, "close")) as readonly (number | null)[];
  expect(code, stderr).toBe(0);
  expect(stderr).toContain("stopping");
  const { complete, figures } = JSON.parse(stdout) as {
    readonly complete: boolean;
    readonly figures: readonly unknown[];
  };
  expect(complete).toBe(false);
  expect(figures).toHaveLength(3);
  expect(folders()).toEqual(before);
});

test("a pattern that names nothing is a mistake in the usage", async () => {
  const { code, stderr } = await runWire(["bench", "^sdk/"]);
  expect([code, stderr]).toEqual([2, expect.stringContaining("`^sdk/` names no case")]);
});
