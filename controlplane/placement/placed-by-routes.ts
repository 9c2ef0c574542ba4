import { fixedRoutes } from "../analysis/fixed-routes.ts";
import { inOrder } from "../language/in-order.ts";
import type { Policy } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { decisionsFor } from "./policy-demands.ts";

/**
 * The policies that would be placed otherwise without these, since they ask for a version of a callee that others decide: where they
 * stay as they are, they go by a decision that is not made any more.
 */
export function placedByRoutes(
  policies: readonly Policy[],
  mesh: Mesh,
  without: readonly string[],
): readonly string[] {
  const decisions = (active: readonly Policy[]): ReadonlyMap<string, string> => {
    const routes = fixedRoutes(active, mesh);
    return new Map(
      active.map((policy, number) => [policy.name, decisionsFor(policy, mesh, { routes, number })]),
    );
  };
  const all = inOrder(policies.filter(({ mode }) => mode !== "off"));
  const left = all.filter(({ name }) => !without.includes(name));
  const [before, after] = [decisions(all), decisions(left)];
  return left.map(({ name }) => name).filter((name) => before.get(name) !== after.get(name));
}
