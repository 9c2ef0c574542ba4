import type { CallName } from "../analysis/call-graph.ts";
import type { PlacedPolicy } from "./placement.ts";
import { type Problem, unitsOf } from "./problem.ts";

/** Whether a policy where it is placed is only for some requests of a call, by the paths that they have come by. */
export function byPath(model: Problem): (placed: Omit<PlacedPolicy, "calls">, call: CallName) => boolean {
  const asked = new Set<string>();
  for (const { demand, call } of unitsOf(model))
    for (const side of ["egress", "ingress"] as const)
      if (demand.asks[side])
        asked.add(keyOf({ policy: demand.policy.name, section: demand.section.name, side }, call));
  return (placed, call) => asked.has(keyOf(placed, call));
}

function keyOf({ policy, section, side }: Omit<PlacedPolicy, "calls">, { from, to }: CallName): string {
  return JSON.stringify([policy, section, side, from, to]);
}
