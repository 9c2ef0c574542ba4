import { readFileSync } from "node:fs";
import { join } from "node:path";
import { filters } from "./build-policy.ts";
import { type CostSetting, costPicture, policyCost, withCost } from "./policy-cost.ts";

/**
 * The files in a policy's folder that show what it costs, as they should be, by their paths: the README with its block, and the picture.
 * A test of the policy holds them against those that are there, and `npm run gen:costs` writes them.
 */
export function costFiles(
  name: string,
  bytes: Uint8Array,
  setting: CostSetting,
): Readonly<Record<string, string>> {
  const cost = policyCost(bytes, setting);
  const readme = join(filters, name, "README.md");
  return {
    [readme]: withCost(readFileSync(readme, "utf8"), cost),
    [join(filters, name, "cost.svg")]: costPicture(cost),
  };
}
