import { verdicts } from "../../controlplane/analysis/verdicts.ts";
import type { Policy } from "../../controlplane/language/policy.ts";
import type { Mesh } from "../../controlplane/mesh/mesh.ts";
import { type Dataplane, fitting, offers, offersAt } from "../../controlplane/placement/dataplane.ts";
import type { PlacedSide } from "../../controlplane/placement/placement.ts";
import { sectionsOf } from "../../controlplane/placement/section.ts";

/**
 * What Wire itself minimises, in SMT-LIB 2, where policies commute, callers are known, none allows, and nothing costs but proxies: a Boolean
 * for each service and data plane; on each call that a policy matches, one of both ends has a data plane for it. Its optimum is ours.
 */
export function callFormulation(
  policies: readonly Policy[],
  mesh: Mesh,
  dataplanes: readonly Dataplane[],
): string {
  const declared: string[] = [];
  const costs: string[] = [];
  const asserted = new Set<string>();
  const numbers = new Map([...mesh.services.keys()].map((name, number) => [name, number]));
  for (const [name, number] of numbers) {
    const service = mesh.services.get(name);
    if (service === undefined) continue;
    const own = fitting(service, dataplanes);
    for (const [plane, dataplane] of dataplanes.entries()) {
      declared.push(`(declare-const x_${number}_${plane} Bool)`);
      if (!own.includes(dataplane)) asserted.add(`(not x_${number}_${plane})`);
      costs.push(`(ite x_${number}_${plane} ${service.replicas * dataplane.cost} 0)`);
      for (let other = 0; other < plane; other++)
        asserted.add(`(not (and x_${number}_${plane} x_${number}_${other}))`);
    }
  }
  for (const policy of policies) {
    for (const section of sectionsOf(policy)) {
      const meeting = (side: PlacedSide, service: string | null): readonly string[] =>
        service === null || !section.sides.includes(side)
          ? []
          : dataplanes.flatMap((dataplane, plane) =>
              offers(dataplane, policy) && offersAt(dataplane, side, { policy, section })
                ? [`x_${numbers.get(service)}_${plane}`]
                : [],
            );
      for (const { from, to } of verdicts(policy, mesh).calls) {
        if (from === null && !section.sides.includes("ingress")) continue;
        asserted.add(`(or false ${[...meeting("egress", from), ...meeting("ingress", to)].join(" ")})`);
      }
    }
  }
  const asserts = [...asserted].map((text) => `(assert ${text})`);
  return `${[...declared, ...asserts, `(minimize (+ 0 ${costs.join(" ")}))`, "(check-sat)", "(get-objectives)"].join("\n")}\n`;
}
