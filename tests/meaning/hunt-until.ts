import { expect } from "vitest";
import { everything, table } from "./coverage.ts";
import { hunt } from "./hunt.ts";
import { writeCase } from "./write-case.ts";

const seed = 1;

/** Compare compiled policies with what they mean, until there were so many pairs, and each action and operator took part so often. */
export async function huntUntil({
  pairsMin,
  timesMin,
  msMax,
}: Readonly<Record<"pairsMin" | "timesMin" | "msMax", number>>): Promise<void> {
  const names = everything();
  const end = Date.now() + msMax;
  const report = await hunt({
    seed,
    times: timesMin,
    until: ({ pairs, done }) =>
      (pairs >= pairsMin && names.every((name) => (done.get(name) ?? 0) >= timesMin)) || Date.now() >= end,
  });
  const { user, system } = process.cpuUsage();
  console.log(
    `${table(names, report.done)}\nseed ${seed}: ${report.scenarios} scenarios, ${report.pairs} policy-request pairs, ${Math.round((user + system) / 1e6)} s of CPU time`,
  );
  expect(report.finding === undefined ? undefined : writeCase(report.finding)).toBeUndefined();
  expect(names.filter((name) => (report.done.get(name) ?? 0) < timesMin)).toEqual([]);
  expect(report.pairs).toBeGreaterThanOrEqual(pairsMin);
}
