import type { Call, CopperPolicy, Policy, Statement } from "../language/policy.ts";
import { callsIn } from "../language/statements-in.ts";
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
  return callsOf(policy, item).some(({ action }) => action === "Allow" || action === "Deny")
    ? "closed"
    : "open";
}

/** Access control anywhere in it makes a module fail closed. */
export function moduleFailure(items: readonly Item[]): "closed" | "open" {
  return items.some((item) => failureClass(item) === "closed") ? "closed" : "open";
}

/** Whether the item takes part in the judgement that all `Allow`s of a call make together. An audited one changes nothing. */
export function isJudge(item: Item): boolean {
  const { policy } = item;
  return policy.kind === "copper" && policy.mode !== "audit" && callsOf(policy, item).some(isAllow);
}

/** Whether there is an `Allow` anywhere in these statements. */
export function hasAllow(body: readonly Statement[]): boolean {
  return callsIn(body).some(isAllow);
}

function isAllow({ action }: Call): boolean {
  return action === "Allow";
}

/** A Copper policy with nothing but the section that is placed. */
export function chosenSection(item: Item): readonly CopperPolicy[] {
  const { policy, placed } = item;
  if (policy.kind !== "copper") return [];
  return [{ ...policy, sections: policy.sections.filter((section) => section.side === placed.section) }];
}

function callsOf(policy: CopperPolicy, item: Item): readonly Call[] {
  return policy.sections
    .filter((section) => section.side === item.placed.section)
    .flatMap((section) => callsIn(section.body));
}
