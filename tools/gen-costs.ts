import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildPolicy, filters } from "./build-policy.ts";
import { costFiles } from "./cost-files.ts";
import type { CostSetting } from "./policy-cost.ts";

const wanted = process.argv.slice(2);
const names = readdirSync(filters).filter(
  (name) => existsSync(join(filters, name, "cost.ts")) && (wanted.length === 0 || wanted.includes(name)),
);
for (const name of names) {
  const { cost } = (await import(join(filters, name, "cost.ts"))) as { readonly cost: CostSetting };
  const files = costFiles(name, (await buildPolicy(name)).bytes, cost);
  for (const [path, text] of Object.entries(files)) writeFileSync(path, text);
}
