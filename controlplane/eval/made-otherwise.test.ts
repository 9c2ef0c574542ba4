import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { madeOtherwise } from "./made-otherwise.ts";
import { readLines } from "./read-lines.ts";
import { runResult } from "./results.ts";

const text = readFileSync(join(import.meta.dirname, "recorded/runs.jsonl"), "utf8");
const { lines: results } = readLines(text, runResult);
const [first] = results;
if (first === undefined) throw new Error("nothing is recorded");
const { machine } = first;
const rates = new Set(results.flatMap((each) => (each.kind === "run" ? [each.rate] : [])));
const loadsAt = (seconds: number) => () => [...rates].map((rate) => ({ rate, seconds }));

test("what was made in the same way can be continued", () => {
  expect(madeOtherwise(results, { machine, loadsAt: loadsAt(2), trialSeconds: 4 })).toEqual([]);
  expect(madeOtherwise([], { machine, loadsAt: loadsAt(5), trialSeconds: 4 })).toEqual([]);
});

test("what was made for longer, or with something else, is told once", () => {
  expect(madeOtherwise(results, { machine, loadsAt: loadsAt(5), trialSeconds: 2 })).toEqual([
    "trials of 4 s and not 2 s",
    "runs of 2 s and not 5 s",
  ]);
  const other = { ...machine, envoy: "1.41.0", commit: null };
  expect(madeOtherwise(results, { machine: other, loadsAt: loadsAt(2), trialSeconds: 4 })).toEqual([
    `commit ${machine.commit} and not unknown`,
    "envoy 1.40.0 and not 1.41.0",
  ]);
});

test("how long a run has to be depends on its rate, and at other rates on nothing", () => {
  const lowest = Math.min(...rates);
  const way = { machine, trialSeconds: 4 };
  expect(madeOtherwise(results, { ...way, loadsAt: () => [{ rate: lowest, seconds: 2 }] })).toEqual([]);
  expect(madeOtherwise(results, { ...way, loadsAt: () => [{ rate: lowest, seconds: 1 }] })).toEqual([
    "runs of 2 s and not 1 s",
  ]);
});
