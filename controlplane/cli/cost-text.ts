import type { LeastCost } from "../placement/placement.ts";
import { rounded } from "./rounded.ts";

/** What something costs at the least, and where that is not proved, from where on it might. */
export function costText({ cost, bound }: LeastCost, unit = ""): string {
  const known = cost === bound ? "" : ` (not proved: at least ${rounded(bound)})`;
  return `${rounded(cost)}${unit}${known}`;
}
