import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { differences, measureCpu, median } from "../../../envoy/measure/measure-cpu.ts";
import type { BenchTable } from "../case.ts";
import { buildRows, names } from "./rows.ts";

const rounds = 40;
const requestsPerTurn = 1500;
/** Alone, a request finds the caches cold and pays for waking the worker; ten at a time share that. */
const settings = [1, 10] as const;
const targets = [
  { than: names.rust, most: 0.7 },
  { than: names.lua, most: 0.9 },
] as const;

/** What the same filter costs, written for each. */
export const costTable: BenchTable = {
  name: "sdk/cost",
  async print() {
    const folder = mkdtempSync(join(tmpdir(), "wire-bench-"));
    try {
      return await print(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

async function print(folder: string): Promise<boolean> {
  const { rows, missing } = await buildRows(folder);
  let passed = true;
  for (const inFlight of settings) {
    const figures = await measureCpu(rows, { rounds, requestsPerTurn, inFlight });
    const added = new Map(rows.map(({ name }, n) => [name, median(differences(figures[n], figures[0]))]));
    console.log(
      `\nsdk/cost: CPU per request of one Envoy with one worker, HTTP/2, 16 headers, a direct response, ${inFlight} at a time;\n` +
        `medians of ${rounds} rounds of ${requestsPerTurn}; without a filter ${median(figures[0] ?? []).toFixed(1)} us\n`,
    );
    console.log(
      `${"filter".padEnd(26)}${["added us", "/ Rust", "/ Lua"].map((each) => each.padStart(10)).join("")}`,
    );
    for (const { name } of rows.slice(1)) {
      const own = added.get(name) ?? Number.NaN;
      const ratios = targets.map(({ than }) => ratio(own, added.get(than)).padStart(10)).join("");
      console.log(`${name.padEnd(26)}${own.toFixed(1).padStart(10)}${ratios}`);
    }
    for (const { name, why } of missing) console.log(`${name.padEnd(26)}    not measured: ${why}`);
    for (const { than, most } of targets) {
      const other = added.get(than);
      if (other === undefined) continue;
      const met = (added.get(names.sdk) ?? Number.NaN) / other <= most;
      console.log(`target: ${names.sdk} at most ${most} of ${than}: ${met ? "met" : "not met"}`);
      passed &&= met;
    }
  }
  return passed;
}

function ratio(own: number, other: number | undefined): string {
  return other === undefined ? "-" : (own / other).toFixed(2);
}
