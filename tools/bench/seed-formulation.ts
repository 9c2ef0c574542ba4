import { verdicts } from "../../controlplane/analysis/verdicts.ts";
import type { Policy } from "../../controlplane/language/policy.ts";
import type { Mesh } from "../../controlplane/mesh/mesh.ts";
import { type Dataplane, fitting, offers, offersAt } from "../../controlplane/placement/dataplane.ts";
import type { PlacedSide } from "../../controlplane/placement/placement.ts";
import { sectionsOf } from "../../controlplane/placement/section.ts";

/**
 * The placement as the first Wire puts it to an SMT solver (Wire, ASPLOS 2025), in SMT-LIB 2: a Boolean for each service and policy (it
 * implements it) and for each service and data plane (it has it); a policy is implemented by all callers that its context ends with, or by
 * all callees, one of both for the whole policy; at most one data plane for each service; the least sum of costs. It knows no order of
 * policies and no choice by call, so that its optimum is never less than ours where all policies commute.
 */
export function seedFormulation(
  policies: readonly Policy[],
  mesh: Mesh,
  dataplanes: readonly Dataplane[],
): string {
  const lines: string[] = [];
  const services = [...mesh.services.values()];
  const numbers = new Map(services.map(({ name }, number) => [name, number]));
  const declare = (name: string): number => lines.push(`(declare-const ${name} Bool)`);
  const assert = (text: string): number => lines.push(`(assert ${text})`);

  const costs: string[] = [];
  for (const [number, service] of services.entries()) {
    const own = fitting(service, dataplanes);
    for (const [plane, dataplane] of dataplanes.entries()) {
      declare(`x_${number}_${plane}`);
      if (!own.includes(dataplane)) assert(`(not x_${number}_${plane})`);
      costs.push(`(ite x_${number}_${plane} ${service.replicas * dataplane.cost} 0)`);
      for (let other = 0; other < plane; other++)
        assert(`(not (and x_${number}_${plane} x_${number}_${other}))`);
    }
  }
  for (const [index, policy] of policies.entries()) {
    const { calls } = verdicts(policy, mesh);
    const sections = sectionsOf(policy);
    const ends = (side: PlacedSide): readonly number[] => {
      const names = calls.map(({ from, to }) => (side === "egress" ? from : to));
      return [...new Set(names.map((name) => numbers.get(name ?? "") ?? -1))].filter((number) => number >= 0);
    };
    const isAllowed = (side: PlacedSide): boolean => sections.every(({ sides }) => sides.includes(side));
    const all = new Set([...ends("egress"), ...ends("ingress")]);
    for (const number of all) {
      declare(`i_${number}_${index}`);
      const planes = dataplanes.flatMap((dataplane, plane) => {
        const offersAll = sections.some((section) =>
          (["egress", "ingress"] as const).some(
            (side) =>
              ends(side).includes(number) &&
              offers(dataplane, policy) &&
              offersAt(dataplane, side, { policy, section }),
          ),
        );
        return offersAll ? [`x_${number}_${plane}`] : [];
      });
      assert(`(=> i_${number}_${index} (or false ${planes.join(" ")}))`);
    }
    const whole = (side: PlacedSide): string =>
      isAllowed(side)
        ? `(and true ${ends(side)
            .map((number) => `i_${number}_${index}`)
            .join(" ")})`
        : "false";
    if (all.size > 0) assert(`(xor ${whole("egress")} ${whole("ingress")})`);
  }
  lines.push(`(minimize (+ 0 ${costs.join(" ")}))`, "(check-sat)", "(get-objectives)");
  return `${lines.join("\n")}\n`;
}
