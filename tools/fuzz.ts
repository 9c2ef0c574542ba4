import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { everything, table } from "../tests/meaning/coverage.ts";
import { hunt } from "../tests/meaning/hunt.ts";
import { writeCase } from "../tests/meaning/write-case.ts";

// Holds compiled policies against their meaning for some minutes. A difference becomes a golden case, and the exit code 1.
const { values } = parseArgs({
  options: { minutes: { type: "string", default: "5" }, seed: { type: "string" } },
});
const seed = values.seed === undefined ? Math.floor(Math.random() * 1e9) : Number(values.seed);
const end = Date.now() + Number(values.minutes) * 60_000;
if (!Number.isInteger(seed) || !Number.isFinite(end)) {
  console.error("usage: npm run fuzz -- [--minutes N] [--seed N]");
  process.exit(2);
}

console.log(`seed ${seed}`);
let said = Date.now();
const report = await hunt({
  seed,
  // There is no end to it: what is rarest comes in every other scenario.
  times: Number.POSITIVE_INFINITY,
  until: ({ scenarios, pairs }) => {
    if (Date.now() - said > 30_000) {
      said = Date.now();
      console.log(`${scenarios} scenarios, ${pairs} policy-request pairs`);
    }
    return Date.now() >= end;
  },
});
console.log(table(everything(), report.done));
console.log(`${report.scenarios} scenarios, ${report.pairs} policy-request pairs`);
if (report.finding !== undefined) {
  const name = `found-${report.finding.seed}`;
  const folder = join(import.meta.dirname, "..", "tests", "policies", name);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(writeCase(report.finding))) {
    writeFileSync(join(folder, file), text);
    console.log(`--- ${file}\n${text}`);
  }
  console.error(`a difference: it is in tests/policies/${name}`);
}
process.exit(report.finding === undefined ? 0 : 1);
