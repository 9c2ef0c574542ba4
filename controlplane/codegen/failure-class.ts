import type { CopperPolicy, Policy, Statement } from "../language/policy.ts";
import { statementsIn } from "../language/statements-in.ts";
import type { PlacedPolicy } from "../placement/placement.ts";

/** A section of a policy where a placement put it. */
export interface Item {
  readonly policy: Policy;
  readonly placed: PlacedPolicy;
}

/**
 * Access control fails closed: when its module does, requests stop. The rest lets them pass (design §4, Failure), and so does what is
 * audited only, since it must change nothing.
 */
export function failureClass(item: Item): "closed" | "open" {
  const { policy } = item;
  if (policy.mode === "audit") return "open";
  if (policy.kind === "filter") return policy.actions.includes("Deny") ? "closed" : "open";
  return bodyOf(policy, item).some(({ kind }) => kind === "allow" || kind === "deny") ? "closed" : "open";
}

/** Whether the item takes part in the judgement that all `Allow`s of a call make together. An audited one changes nothing. */
export function isJudge(item: Item): boolean {
  const { policy } = item;
  return policy.kind === "copper" && policy.mode !== "audit" && hasAllow(bodyOf(policy, item));
}

/** Whether there is an `Allow` anywhere in these statements. */
export function hasAllow(body: readonly Statement[]): boolean {
  return statementsIn(body).some(({ kind }) => kind === "allow");
}

/** A Copper policy with nothing but the section that is placed. */
export function chosenSection(item: Item): readonly CopperPolicy[] {
  const { policy, placed } = item;
  if (policy.kind !== "copper") return [];
  return [{ ...policy, sections: policy.sections.filter((section) => section.side === placed.section) }];
}

function bodyOf(policy: CopperPolicy, item: Item): readonly Statement[] {
  return policy.sections
    .filter((section) => section.side === item.placed.section)
    .flatMap((section) => statementsIn(section.body));
}
