import type { Chain } from "../../controlplane/codegen/module.ts";
import type { CopperPolicy, Policy, Side } from "../../controlplane/language/policy.ts";
import type { Placement } from "../../controlplane/placement/placement.ts";
import type { CallDraft, MeshDraft } from "./draft/mesh.ts";
import { store, versions } from "./draft/words.ts";
import { type FixedVersion, fixedVersion } from "./fixed-version.ts";
import type { InForce } from "./interpret.ts";

/** Where a call is met: in the caller's proxy, or in that of a version of the callee. */
export interface Place {
  readonly call: CallDraft;
  readonly version: string;
  readonly direction: Chain["direction"];
}

/** The policies in force on a call at a place, in order. What no heading binds is where the placement has it. */
export function inForceAt(
  place: Place,
  policies: readonly CopperPolicy[],
  mesh: MeshDraft,
  placement: Placement,
): readonly InForce[] {
  const side = place.direction === "inbound" ? "ingress" : "egress";
  const fixed = fixedOn(place.call, policies, mesh);
  // The caller's proxy knows no version but one that was decided before.
  const versionFor = (policy: CopperPolicy): string =>
    side === "egress" && isAfter(policy, fixed, policies) ? (fixed?.version ?? "") : place.version;
  return inOrder(policies)
    .filter((policy) => policy.mode !== "off" && meaningOf(policy, mesh)(place.call, versionFor(policy)))
    .flatMap((policy) =>
      policy.sections
        .filter(
          (section) =>
            (section.side === "either" ? placedSide(policy, place.call, placement) : section.side) === side,
        )
        .map((section): InForce => ({ policy, section: section.side })),
    );
}

/** Calls on which a section of a policy is not placed exactly where it must be. */
export function misplaced(
  policies: readonly CopperPolicy[],
  mesh: MeshDraft,
  placement: Placement,
): readonly string[] {
  return mesh.calls.flatMap((call) => {
    const fixed = fixedOn(call, policies, mesh);
    return policies.flatMap((policy) =>
      policy.sections.flatMap(({ side }) => {
        const possible = isAfter(policy, fixed, policies) ? [fixed?.version ?? ""] : versions;
        const matches =
          possible.some((version) => meaningOf(policy, mesh)(call, version)) && policy.mode !== "off";
        // Nothing is done at egress for a request from outside: there is no caller's proxy.
        const isWanted = matches && !(call.from === null && side === "egress");
        const found = sidesOf(policy, side, call, placement);
        const isRight = isWanted
          ? found.length === 1 && (side === "either" || found[0] === side)
          : found.length === 0;
        const shown = `${policy.name} (${side}) on ${call.from ?? "outside"} -> ${call.to}`;
        return isRight ? [] : [`${shown} is placed at ${found.join(" and ") || "no side"}`];
      }),
    );
  });
}

/** The version of the callee to which all requests of a call go, if policies decide one. */
export function fixedOn(
  call: CallDraft,
  policies: readonly CopperPolicy[],
  mesh: MeshDraft,
): FixedVersion | undefined {
  if (call.from === null) return undefined;
  const matching = inOrder(policies).flatMap((policy) => {
    const meant = versions.filter((version) => meaningOf(policy, mesh)(call, version));
    return meant.length === 0 ? [] : [{ policy, isForAll: meant.length === versions.length }];
  });
  return fixedVersion(call.to, matching);
}

function isAfter(
  policy: CopperPolicy,
  fixed: FixedVersion | undefined,
  policies: readonly CopperPolicy[],
): boolean {
  const all = inOrder(policies);
  return fixed !== undefined && all.indexOf(policy) > all.indexOf(fixed.since);
}

export function isCopper(policy: Policy): policy is CopperPolicy {
  return policy.kind === "copper";
}

/** Higher priority first, then by name. */
function inOrder(policies: readonly CopperPolicy[]): readonly CopperPolicy[] {
  return [...policies].sort((p, q) => q.priority - p.priority || (p.name < q.name ? -1 : 1));
}

function meaningOf(policy: CopperPolicy, mesh: MeshDraft): (call: CallDraft, version: string) => boolean {
  const { start, end } = policy.contextSpan;
  const text = policy.source.text.slice(start, end);
  const meaning = mesh.contexts.get(text);
  if (meaning === undefined) throw new Error(`no meaning of the context ${text}`);
  // What is about requests never matches a connection to a store.
  return (call, version) => (call.to !== store || policy.act === "Connection") && meaning(call, version);
}

function placedSide(policy: CopperPolicy, call: CallDraft, placement: Placement): Side | undefined {
  return sidesOf(policy, "either", call, placement)[0];
}

function sidesOf(
  policy: CopperPolicy,
  section: Side,
  call: CallDraft,
  placement: Placement,
): readonly Side[] {
  return placement.proxies.flatMap((proxy) =>
    proxy.policies
      .filter((placed) => placed.policy === policy.name && placed.section === section)
      .filter((placed) => placed.calls.some(([from, to]) => from === call.from && to === call.to))
      .map(({ side }) => side),
  );
}
