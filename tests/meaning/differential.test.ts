import { expect, test } from "vitest";
import { everything, offered, table } from "./coverage.ts";
import { hunt } from "./hunt.ts";
import { writeCase } from "./write-case.ts";

const pairsMin = 20_000;
const timesMin = 200;
const msMax = 150_000;

test("compiled policies do what they mean", { timeout: 2 * msMax }, async () => {
  const names = everything();
  const end = Date.now() + msMax;
  const report = await hunt({
    offered,
    seed: 1,
    until: ({ pairs, done }) =>
      (pairs >= pairsMin && names.every((name) => (done.get(name) ?? 0) >= timesMin)) || Date.now() >= end,
  });
  console.log(
    `${table(names, report.done)}\n${report.scenarios} scenarios, ${report.pairs} policy-request pairs`,
  );
  expect(report.finding === undefined ? undefined : writeCase(report.finding)).toBeUndefined();
  expect(names.filter((name) => (report.done.get(name) ?? 0) < timesMin)).toEqual([]);
  expect(report.pairs).toBeGreaterThanOrEqual(pairsMin);
});
