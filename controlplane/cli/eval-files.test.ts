import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { CapacityResult } from "../eval/results.ts";
import { appendResult, loadResults, resultsFile } from "./eval-files.ts";

const machine = { commit: null, envoy: "1.40.0", node: "24", cpu: "some", cores: 2, memoryGib: 8 };

function result(application: string): CapacityResult {
  return { kind: "capacity", at: "", machine, application, rate: 10, seconds: 2, trials: [] };
}

test("a line that a full disk or a kill has cut costs no other one", async () => {
  const folder = join(mkdtempSync(join(tmpdir(), "wire-eval-files-")), "results");
  try {
    await appendResult(folder, result("a"));
    appendFileSync(resultsFile(folder), '{"kind":"capa');
    await appendResult(folder, result("b"));
    await appendResult(folder, result("c"));
    const told: string[] = [];
    expect(await loadResults(folder, (line) => told.push(line))).toEqual(["a", "b", "c"].map(result));
    expect(told).toEqual([expect.stringContaining("1 line cannot be read, the first of them line 2")]);
    expect(readFileSync(resultsFile(folder), "utf8").split("\n")).toHaveLength(5);
  } finally {
    rmSync(join(folder, ".."), { recursive: true, force: true });
  }
});
