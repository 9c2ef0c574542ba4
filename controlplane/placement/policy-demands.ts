import { type CallName, callGraph } from "../analysis/call-graph.ts";
import { decidedVersion, decidedVersions, type Standing } from "../analysis/fixed-routes.ts";
import { type CallVerdict, verdicts } from "../analysis/verdicts.ts";
import type { Policy, Side } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { carriesState, type Dataplane, offers, offersAt } from "./dataplane.ts";
import { at0 } from "./network.ts";
import type { PlacedSide } from "./placement.ts";
import type { World } from "./problem.ts";
import { actionsIn, isUncounted, joinsJudgement, knowsCaller, type Section, sectionsOf } from "./section.ts";
import { type Blindness, type Told, toldByStamps } from "./told-by-stamps.ts";

/** What one section of a policy asks of a call that it matches. The same demand is made of many calls; on one of them it is a *unit*. */
export interface Demand {
  readonly policy: Policy;
  readonly section: Section;
  /** Whether it takes part in the judgement of all `Allow`s of a call. */
  readonly judges: boolean;
  /** The versions of the callee that it is for, when it is not for all: the callee's proxy knows, and the caller's where a fixed route decides. */
  readonly versions?: readonly string[];
  /** Where its section may sit by what is written, and by what the proxies there know of the call. */
  readonly sides: readonly PlacedSide[];
  /** The data planes that may meet it on that side, as a set of bits. */
  readonly at: Readonly<Record<PlacedSide, number>>;
  /** Where a proxy there would have to look at the state of a request's path, since the call alone does not decide (design §5). */
  readonly asks: Readonly<Record<PlacedSide, boolean>>;
  /** By call, the version of its callee that all of its requests go to, since a policy before this one sends them there. */
  readonly routed: ReadonlyMap<number, string>;
  /** Why a proxy there could not tell by any stamps, where that keeps it from a side. */
  readonly blind?: Partial<Record<PlacedSide, Blindness>>;
  /** What one request costs on each data plane, by its number, on a side; absent: nothing on any of them. */
  readonly costs?: Readonly<Record<PlacedSide, readonly number[]>>;
}

/** All that one policy asks. */
export interface PolicyDemands {
  /** Section by section, as they are written. */
  readonly demands: readonly Demand[];
  /** Of each unit the call, and which of the demands it is. */
  readonly calls: Int32Array;
  readonly which: Int32Array;
  /** Connections of which it matches only some. */
  readonly sometimes: readonly CallName[];
  readonly hasTooManyStates: boolean;
  /** It is enforced nowhere. */
  readonly isUnmatched: boolean;
  /** Its sections for the caller's proxy, when it matches requests from outside and no others. */
  readonly outsideOnly: readonly Side[];
}

const known = new WeakMap<
  Policy,
  { readonly world: World; readonly decisions: string; readonly asked: PolicyDemands }
>();

/** What a policy asks in a world; that of the world in which it was asked last is known. */
export function demandsOf(policy: Policy, world: World, standing: Standing): PolicyDemands {
  const decisions = decisionsFor(policy, world.mesh, standing);
  const before = known.get(policy);
  if (before?.world === world && before.decisions === decisions) return before.asked;
  const asked = find(policy, world, standing);
  known.set(policy, { world, decisions, asked });
  return asked;
}

/** The versions that were decided on calls where they matter to a policy. */
export function decisionsFor(policy: Policy, mesh: Mesh, standing: Standing): string {
  if (standing.routes.size === 0) return "";
  return verdicts(policy, mesh)
    .calls.flatMap(({ call, verdict }) => {
      const version = verdict === "sometimes" ? decidedVersion(standing, call) : undefined;
      return version === undefined ? [] : [`${call} ${version}`];
    })
    .join();
}

function find(policy: Policy, world: World, standing: Standing): PolicyDemands {
  const { mesh, dataplanes } = world;
  const graph = callGraph(mesh);
  const { calls: judged, tooManyStates } = verdicts(policy, mesh);
  const isUndecided = ({ verdict, versions, call }: CallVerdict): boolean =>
    verdict === "sometimes" && versions === undefined && graph.isTcp[at0(graph.to, call)] === 0;
  // Without identities a callee's proxy that asks about one caller's requests asks about all.
  const askingOf = (verdicts: readonly CallVerdict[]): ((verdict: CallVerdict) => boolean) => {
    const callees = new Set(verdicts.filter(isUndecided).map(({ to }) => to));
    return (verdict) => isUndecided(verdict) || (mesh.identity === "none" && callees.has(verdict.to));
  };
  const asked = judged.filter(askingOf(judged)).map(({ call }) => call);
  const routed = decidedVersions(standing);
  const told = asked.length === 0 ? new Map<number, Told>() : toldByStamps(policy, asked, world, routed);
  if (told === "tooManyStates") return tooMany;
  const settled = judged.flatMap((verdict): readonly CallVerdict[] => {
    const decided = isUndecided(verdict) ? told.get(verdict.call)?.decided : undefined;
    if (decided === "never") return [];
    return [decided === undefined ? verdict : { ...verdict, verdict: decided }];
  });
  const alike = mesh.identity === "none" ? intoAlike(settled) : undefined;
  // Where all requests go to a version that it is not for, it matches none; the callee's proxy needs nobody to tell it that.
  const matching = settled.filter(({ call, versions }) => {
    const version = versions && decidedVersion(standing, call);
    return version === undefined || versions?.includes(version);
  });
  const isAsking = askingOf(matching);
  const demands: Demand[] = [];
  const calls: number[] = [];
  const which: number[] = [];
  const undecided = new Set<CallName>();
  const outsideOnly: Side[] = [];
  let isEnforced = false;
  for (const section of sectionsOf(policy)) {
    // Egress statements do not apply to a request from outside (design §3).
    const applied = matching.filter(({ from }) => from !== null || section.sides.includes("ingress"));
    if (applied.length === 0 && matching.length > 0) outsideOnly.push(section.name);
    if (applied.length > 0) isEnforced = true;
    /** By what distinguishes them. */
    const made = new Map<string, number>();
    for (const verdict of applied) {
      const { versions, from, to } = verdict;
      const asks = { egress: isUndecided(verdict), ingress: isAsking(verdict) };
      if (verdict.verdict === "sometimes" && versions === undefined && !asks.egress) {
        undecided.add(verdict);
        continue;
      }
      const callee = at0(graph.to, verdict.call);
      const knowsCall =
        alike === undefined ||
        ((asks.ingress || alike.get(likeness(verdict)) === callsInto(callee)) && knowsCaller(mesh, section));
      const isOutOfPlace = isUncounted(policy, { from, to }, mesh);
      const knowsVersion = versions === undefined || decidedVersion(standing, verdict.call) !== undefined;
      const blind = blindnessOf(asks, told.get(verdict.call)?.blind);
      const key = `${knowsCall} ${isOutOfPlace} ${knowsVersion} ${versions?.join() ?? ""} ${asks.egress} ${asks.ingress} ${JSON.stringify(blind)}`;
      const number = made.get(key) ?? demands.length;
      if (number === demands.length) {
        made.set(key, number);
        const at = (side: PlacedSide, isPossible: boolean): number =>
          isPossible && !isOutOfPlace ? meeting(dataplanes, side, { policy, section }, asks[side]) : 0;
        const knows = {
          egress: knowsVersion && blind?.egress === undefined,
          ingress: knowsCall && blind?.ingress === undefined,
        };
        demands.push({
          policy,
          section,
          judges: joinsJudgement(policy, section),
          ...(versions === undefined ? {} : { versions }),
          sides: section.sides.filter((side) => knows[side]),
          at: { egress: at("egress", knows.egress), ingress: at("ingress", knows.ingress) },
          asks,
          routed,
          ...(blind === undefined ? {} : { blind }),
          ...costsOf(dataplanes, { policy, section }, asks),
        });
      }
      calls.push(verdict.call);
      which.push(number);
    }
  }
  return {
    demands,
    calls: Int32Array.from(calls),
    which: Int32Array.from(which),
    sometimes: [...undecided].map(({ from, to }) => ({ from, to })),
    hasTooManyStates: tooManyStates,
    isUnmatched: !isEnforced && !tooManyStates,
    outsideOnly,
  };

  function callsInto(service: number): number {
    return (
      at0(graph.incoming.first, service + 1) -
      at0(graph.incoming.first, service) +
      (at0(graph.outside, service) < 0 ? 0 : 1)
    );
  }
}

/** A policy that nothing is known of. */
const tooMany: PolicyDemands = {
  demands: [],
  calls: new Int32Array(),
  which: new Int32Array(),
  sometimes: [],
  hasTooManyStates: true,
  isUnmatched: false,
  outsideOnly: [],
};

function blindnessOf(asks: Demand["asks"], told: Told["blind"] | undefined): Demand["blind"] {
  const egress = asks.egress ? told?.egress : undefined;
  const ingress = asks.ingress ? told?.ingress : undefined;
  if (egress === undefined && ingress === undefined) return undefined;
  return { ...(egress === undefined ? {} : { egress }), ...(ingress === undefined ? {} : { ingress }) };
}

/** The data planes that may meet a demand of the section on that side, as a set of bits. */
function meeting(
  dataplanes: readonly Dataplane[],
  side: PlacedSide,
  asked: { readonly policy: Policy; readonly section: Section },
  asks: boolean,
): number {
  if (!asked.section.sides.includes(side)) return 0;
  return dataplanes.reduce(
    (set, dataplane, index) =>
      offers(dataplane, asked.policy) &&
      offersAt(dataplane, side, asked) &&
      (!asks || carriesState(dataplane))
        ? set | (2 << index)
        : set,
    0,
  );
}

/** What one request costs, with the look at its state where there is one. */
function costsOf(
  dataplanes: readonly Dataplane[],
  asked: { readonly policy: Policy; readonly section: Section },
  asks: Demand["asks"],
): Pick<Demand, "costs"> {
  const onSide = (side: PlacedSide): readonly number[] => [
    0,
    ...dataplanes.map(
      (dataplane) => costOf(dataplane, asked) + (asks[side] ? (dataplane.checkCost ?? 0) : 0),
    ),
  ];
  const costs = { egress: onSide("egress"), ingress: onSide("ingress") };
  return Object.values(costs)
    .flat()
    .some((cost) => cost !== 0)
    ? { costs }
    : {};
}

/** How many calls into a service a policy matches alike. */
function intoAlike(matching: readonly CallVerdict[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const verdict of matching) counts.set(likeness(verdict), (counts.get(likeness(verdict)) ?? 0) + 1);
  return counts;
}

/**
 * The same for two calls into one service whose requests a policy matches alike. Without identities a callee's proxy cannot tell its
 * callers apart: all calls into it must match alike (design §4).
 */
export function likeness({ verdict, versions, to }: CallVerdict): string {
  return `${to} ${verdict} ${versions?.join() ?? ""}`;
}

/** Of one request: what stands under other headings is done elsewhere, and costs there. */
export function costOf(
  { actionCosts = {} }: Dataplane,
  { policy, section }: { readonly policy: Policy; readonly section: Section },
): number {
  const actions = new Set(actionsIn(policy, section.body));
  return [...actions].reduce(
    (sum, action) => sum + (actionCosts[action] ?? actionCosts[`${policy.act}.${action}`] ?? 0),
    0,
  );
}
