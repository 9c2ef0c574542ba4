import { defaultPrices, type Mesh } from "../mesh/mesh.ts";
import type { LeastCost } from "../placement/placement.ts";
import { milliForMib } from "../placement/priced.ts";
import { rounded } from "./rounded.ts";

/** What something costs at the least, and where that is not proved, from where on it might. */
export function costText({ cost, bound }: LeastCost, unit = ""): string {
  const known = cost === bound ? "" : ` (not proved: at least ${rounded(bound)})`;
  return `${rounded(cost)}${unit}${known}`;
}

/** What costs differ by, without what a difference of fractions is off by. */
export function costDifference(one: number, other: number): number {
  const error = Math.max(one, other) * 2 ** -50;
  const places = error > 0 ? Math.min(100, Math.max(0, Math.floor(-Math.log10(error)))) : 0;
  return Number((one - other).toFixed(places));
}

/** What memory is in a cost. */
export function mibText({ prices = defaultPrices }: Mesh): string {
  return `${rounded(milliForMib(prices))} for each MiB`;
}
