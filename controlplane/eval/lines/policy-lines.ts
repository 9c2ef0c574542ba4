import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseAllDocuments } from "yaml";
import { type Comparable, comparables } from "./comparables.ts";
import { countLines } from "./count-lines.ts";

/** A file of policies, and what a user of Istio writes to the same end. */
export interface PolicyLines extends Comparable {
  /** Filter code may be long since it does itself what Istio has built in; whoever takes it ready-made writes none of it. */
  readonly form: "Copper" | "filter code";
  /** As `countLines` counts: of the policy, and of the YAML beside it. */
  readonly own: number;
  readonly istio: number;
  /** How often each kind of Istio's is needed: `{ VirtualService: 2, DestinationRule: 2 }`. */
  readonly kinds: Readonly<Record<string, number>>;
}

/** What the first Wire's paper claims: so many times fewer lines than with Istio. */
export const claimedRatio = 6.75;

const root = resolve(import.meta.dirname, "../../..");

/** All that are compared, the applications' first. It reads these files and nothing else, so that it says the same each time. */
export function policyLines(): readonly PolicyLines[] {
  return comparables.map((each) => {
    const yaml = readFileSync(join(import.meta.dirname, each.name, "istio.yaml"), "utf8");
    const kinds: Record<string, number> = {};
    for (const document of parseAllDocuments(yaml)) {
      const kind = String(document.get("kind"));
      kinds[kind] = (kinds[kind] ?? 0) + 1;
    }
    const form = each.policy.endsWith(".cup") ? "Copper" : "filter code";
    const own = countLines(readFileSync(join(root, each.policy), "utf8"));
    return { ...each, form, own, istio: countLines(yaml), kinds };
  });
}

/** How many lines of Istio's there are for one of ours, over all of these. */
export function ratioOf(rows: readonly Pick<PolicyLines, "own" | "istio">[]): number {
  const sum = (of: "own" | "istio"): number => rows.reduce((total, row) => total + row[of], 0);
  return sum("istio") / sum("own");
}
