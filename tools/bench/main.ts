// Measures what is named by the regular expression given, or everything, and prints a table; ends with 1 when a limit is passed.
import { bench } from "../../controlplane/cli/bench.ts";
import { costNames } from "../../controlplane/costs/measure-costs.ts";
import { cases } from "./cases.ts";
import { pathTable } from "./path-table.ts";
import { costTable } from "./sdk/cost-table.ts";
import { xdsTable } from "./xds/xds-table.ts";
import { z3Table } from "./z3-table.ts";

const wanted = new RegExp(process.argv[2] ?? "");
let passed = true;
console.log(`${"case".padEnd(34)}${"figure".padStart(14)}${"limit".padStart(14)}`);
for (const { name, unit, limit, measure } of cases.filter((each) => wanted.test(each.name))) {
  const figure = await measure();
  const shown = (value: number): string =>
    `${unit === "us" || unit === "%" ? value.toFixed(2) : Math.round(value)} ${unit}`.padStart(14);
  console.log(name.padEnd(34) + shown(figure) + (limit === undefined ? "" : shown(limit)));
  if (limit !== undefined && figure > limit) passed = false;
}
for (const table of [costTable, pathTable, z3Table, xdsTable].filter((each) => wanted.test(each.name))) {
  if (!(await table.print())) passed = false;
}
// The same as `wire bench`.
if (costNames.some((name) => wanted.test(name))) await bench([wanted.source], { rounds: 20 });
process.exitCode = passed ? 0 : 1;
