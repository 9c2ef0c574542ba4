import type { CallName } from "../analysis/call-graph.ts";
import { actionOf } from "../language/lookup.ts";
import type { Policy, Side, Statement } from "../language/policy.ts";
import { standardInterface } from "../language/standard.ts";
import { callsIn, textOf } from "../language/statements-in.ts";
import type { Mesh } from "../mesh/mesh.ts";
import type { PlacedSide } from "./placement.ts";

/** A section with the sides that it may sit on. */
export interface Section {
  readonly name: Side;
  readonly sides: readonly PlacedSide[];
  readonly body: readonly Statement[];
}

const known = new WeakMap<Policy, readonly Section[]>();

/** The sections of a policy; one of filter code has no statements. Some actions are for one side only: a route is chosen by the caller's proxy. */
export function sectionsOf(policy: Policy): readonly Section[] {
  const own = known.get(policy) ?? findSections(policy);
  known.set(policy, own);
  return own;
}

function findSections(policy: Policy): readonly Section[] {
  const sections = policy.kind === "copper" ? policy.sections : [{ side: policy.side, body: [] }];
  return sections.map(({ side, body }) => {
    const sides: readonly PlacedSide[] = side === "either" ? ["egress", "ingress"] : [side];
    return { name: side, body, sides: sides.filter((allowed) => isForSide(policy, body, allowed)) };
  });
}

/** Whether no action is for the other side only, whatever the heading says. */
export function isForSide(policy: Policy, body: readonly Statement[], side: PlacedSide): boolean {
  return actionsIn(policy, body).every(
    (action) => (actionOf(standardInterface, policy.act, action)?.side ?? side) === side,
  );
}

/** Those of filter code are of all of it. */
export function actionsIn(policy: Policy, body: readonly Statement[]): readonly string[] {
  return policy.kind === "filter" ? policy.actions : callsIn(body).map(({ action }) => action);
}

/** Whether a callee's proxy can decide what a section allows: a caller that is named must be known. */
export function knowsCaller(mesh: Mesh, section: Section): boolean {
  const named = callsIn(section.body).some((call) => call.action === "Allow" && textOf(call, 0) !== "*");
  return mesh.identity !== "none" || !named;
}

/** Whether the policy counts the bytes of connections, or is called for them, and the call is made of requests, which share connections with others. */
export function isUncounted(policy: Policy, call: CallName, mesh: Mesh): boolean {
  const isForBytes =
    policy.actions.includes("CountBytes") || (policy.kind === "filter" && policy.act === "Connection");
  return isForBytes && mesh.services.get(call.to)?.protocol !== "tcp";
}

/** Whether a section takes part in the judgement of all `Allow`s of a call. An audited policy changes nothing. */
export function joinsJudgement(policy: Policy, { body }: Section): boolean {
  return policy.mode !== "audit" && callsIn(body).some(({ action }) => action === "Allow");
}
