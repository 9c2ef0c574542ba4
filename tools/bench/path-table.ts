import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathRows } from "../../controlplane/costs/path-rows.ts";
import { differences, measureCpu, median } from "../../envoy/measure/measure-cpu.ts";
import type { BenchTable } from "./case.ts";

const rounds = 40;
const requestsPerTurn = 1500;
const settings = [1, 10] as const;

/** What stamping and looking at a request's path add to its CPU, beside a policy that looks at one header and writes one. */
export const pathTable: BenchTable = {
  name: "paths/cpu",
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
  const { begin, stamp, check, unchecked, oneHeader } = await pathRows(folder);
  const headers = stamp.headers ?? [];
  const none = { name: "no filter", headers };
  const rows = [none, begin, stamp, check, unchecked, { ...oneHeader, headers }];
  let passed = true;
  for (const inFlight of settings) {
    const [without, begun, stamped, checked, all, one] = await measureCpu(rows, {
      ...{ rounds, requestsPerTurn, inFlight },
    });
    const limit = median(differences(one, without));
    console.log(
      `\npaths/cpu: CPU per request of one Envoy with one worker, HTTP/2, 18 headers, a direct response, ${inFlight} at a time;\n` +
        `medians of ${rounds} rounds of ${requestsPerTurn}; without a filter ${median(without ?? []).toFixed(1)} us\n`,
    );
    const lines = [
      ["a policy that reads a header and adds one", limit],
      ["a stamp where a path begins", median(differences(begun, without))],
      ["a stamp on the way", median(differences(stamped, without))],
      ["a policy that looks at the path", median(differences(checked, without))],
      ["the same without looking at it", median(differences(all, without))],
      ["the look", median(differences(checked, all))],
    ] as const;
    console.log(`${"".padEnd(44)}${"added us".padStart(10)}${"ratio".padStart(10)}`);
    for (const [name, us] of lines)
      console.log(`${name.padEnd(44)}${us.toFixed(1).padStart(10)}${(us / limit).toFixed(2).padStart(10)}`);
    for (const index of [1, 2, 5]) {
      const [name, us] = lines[index] ?? ["", Number.NaN];
      const met = us <= limit;
      console.log(`target: ${name} at most as much as the first: ${met ? "met" : "not met"}`);
      passed &&= met;
    }
  }
  return passed;
}
