import { type CallName, callsOf } from "../analysis/call-graph.ts";
import { commutes } from "../analysis/commutes.ts";
import { type CallVerdict, keyOf, verdicts } from "../analysis/verdicts.ts";
import { inOrder } from "../language/in-order.ts";
import { actionOf } from "../language/lookup.ts";
import type { Policy, Side, Statement } from "../language/policy.ts";
import { standardInterface } from "../language/standard.ts";
import { callsIn, textOf } from "../language/statements-in.ts";
import type { Mesh, Service } from "../mesh/mesh.ts";

/** A kind of proxy: what it offers and what it costs. */
export interface Dataplane {
  readonly name: string;
  /** Of one proxy; multiplied by a service's replicas. */
  readonly cost: number;
  /** Names of the actions that it offers: `SetHeader` for any act, `Request.SetHeader` for one. */
  readonly actions: "all" | readonly string[];
  /** Those that it offers on one side only. */
  readonly sides?: Readonly<Record<string, PlacedSide>>;
  /** Cost of one execution of an action, times the rate of a call; default 0. */
  readonly actionCosts?: Readonly<Record<string, number>>;
}

/** One Envoy in front of a service, able to do everything. */
export const defaultDataplanes: readonly Dataplane[] = [{ name: "envoy", cost: 1, actions: "all" }];

export type PlacedSide = Exclude<Side, "either">;

/** A section of a policy on one call that it matches: what the solver puts on a side. */
export interface Unit {
  readonly id: number;
  readonly policy: Policy;
  readonly section: Side;
  readonly call: CallName;
  /** The versions of the callee that it is for, when it is not for all: then only the callee's proxy knows. */
  readonly versions?: readonly string[];
  readonly spots: readonly Spot[];
}

/** A place where a unit could be enforced. */
export interface Spot {
  readonly side: PlacedSide;
  readonly service: string;
  readonly dataplane: string;
  readonly cost: number;
}

/** The model of design §6 that reductions and the solver work on. */
export interface Problem {
  readonly units: readonly Unit[];
  /** Units that sit on one side together: `Allow`s of a call, and what a callee without identities cannot tell apart. */
  readonly together: readonly (readonly [Unit, Unit])[];
  /** Of each pair, not the first at ingress and the second at egress. */
  readonly ordered: readonly (readonly [Unit, Unit])[];
  /** `${service} ${dataplane}` to the cost of that proxy. */
  readonly proxies: ReadonlyMap<
    string,
    { readonly service: string; readonly dataplane: string; readonly cost: number }
  >;
  /** Calls of which a policy matches only some requests: these need the path at run time. */
  readonly sometimes: readonly { readonly policy: Policy; readonly call: CallName }[];
  /** Policies whose contexts have more states than can be looked through. */
  readonly tooManyStates: readonly Policy[];
  /** Policies that are enforced nowhere. */
  readonly unmatched: readonly Policy[];
  /** Sections for the caller's proxy of policies that match requests from outside, and no others. */
  readonly outsideOnly: readonly { readonly policy: Policy; readonly section: Side }[];
}

/** Builds the model; everything that only one policy or call decides is decided here. */
export function problem(policies: readonly Policy[], mesh: Mesh, dataplanes: readonly Dataplane[]): Problem {
  const active = inOrder(policies.filter((policy) => policy.mode !== "off"));
  const rates = new Map(mesh.calls.map((call) => [keyOf(call), call.rate]));
  const units: Unit[] = [];
  const sometimes: { policy: Policy; call: CallName }[] = [];
  const tooManyStates: Policy[] = [];
  const unmatched: Policy[] = [];
  const outsideOnly: { policy: Policy; section: Side }[] = [];
  const together: [Unit, Unit][] = [];

  for (const policy of active) {
    const { calls, tooManyStates: unknown } = verdicts(policy, mesh);
    if (unknown) {
      tooManyStates.push(policy);
      continue;
    }
    const judged = new Map(calls.map((call) => [keyOf(call), call]));
    let enforced = false;
    for (const section of sectionsOf(policy)) {
      // Egress statements do not apply to a request from outside (design §3).
      const applied = calls.filter(({ from }) => from !== null || section.sides.includes("ingress"));
      if (applied.length === 0 && calls.length > 0) outsideOnly.push({ policy, section: section.name });
      if (applied.length > 0) enforced = true;
      for (const { verdict, versions, from, to } of applied) {
        const call = { from, to };
        if (verdict === "sometimes" && versions === undefined) {
          if (!sometimes.some((known) => known.policy === policy && keyOf(known.call) === keyOf(call)))
            sometimes.push({ policy, call });
          continue;
        }
        const rate = rates.get(keyOf(call)) ?? 1;
        const spots = section.sides
          .filter((side) =>
            side === "egress"
              ? versions === undefined
              : knowsCaller(mesh, section) && ingressKnows(mesh, call, judged),
          )
          .flatMap((side) => spotsAt(side, { policy, section, call, rate, mesh, dataplanes }));
        units.push({
          id: units.length,
          policy,
          section: section.name,
          call,
          ...(versions === undefined ? {} : { versions }),
          spots,
        });
      }
    }
    if (!enforced) unmatched.push(policy);
  }

  if (mesh.identity === "none") {
    const chain = new Map<string, Unit>();
    for (const unit of units) {
      const key = `${unit.policy.name} ${unit.section} ${unit.call.to}`;
      const before = chain.get(key);
      if (before !== undefined) together.push([before, unit]);
      chain.set(key, unit);
    }
  }
  const ordered: [Unit, Unit][] = [];
  for (const sameCall of Map.groupBy(units, (unit) => keyOf(unit.call)).values()) {
    const allows = sameCall.filter((unit) => unitAllows(unit));
    for (const unit of allows.slice(1)) if (allows[0] !== undefined) together.push([allows[0], unit]);
    for (const [index, p] of sameCall.entries()) {
      for (const q of sameCall.slice(index + 1)) {
        // Two headings of one policy say their sides themselves.
        if (p.policy === q.policy && p.section !== "either") continue;
        if (!commutes(p.policy, q.policy, { p: p.section, q: q.section })) ordered.push([p, q]);
      }
    }
  }

  const proxies = new Map<string, { service: string; dataplane: string; cost: number }>();
  for (const service of mesh.services.values()) {
    for (const dataplane of fitting(service, dataplanes)) {
      proxies.set(proxyKey(service.name, dataplane.name), {
        service: service.name,
        dataplane: dataplane.name,
        cost: replicasOf(service) * dataplane.cost,
      });
    }
  }
  return { units, together, ordered, proxies, sometimes, tooManyStates, unmatched, outsideOnly };
}

/** Key of `Problem.proxies`. */
export function proxyKey(service: string, dataplane: string): string {
  return `${service} ${dataplane}`;
}

/** Whether a callee's proxy can decide what a section allows: a caller that is named must be known. */
export function knowsCaller(mesh: Mesh, section: Section): boolean {
  const named = callsIn(section.body).some((call) => call.action === "Allow" && textOf(call, 0) !== "*");
  return mesh.identity !== "none" || !named;
}

/** Without identities a callee's proxy cannot tell its callers apart: all calls into it must match alike (design §4). */
function ingressKnows(mesh: Mesh, call: CallName, judged: ReadonlyMap<string, CallVerdict>): boolean {
  if (mesh.identity !== "none") return true;
  return callsOf(mesh)
    .filter((other) => other.to === call.to)
    .every((other) => sameVerdict(judged.get(keyOf(other)), judged.get(keyOf(call))));
}

/** Whether a policy matches the requests of two calls alike. */
export function sameVerdict(a: CallVerdict | undefined, b: CallVerdict | undefined): boolean {
  return a?.verdict === b?.verdict && String(a?.versions) === String(b?.versions);
}

function spotsAt(
  side: PlacedSide,
  at: {
    readonly policy: Policy;
    readonly section: Section;
    readonly call: CallName;
    readonly rate: number;
    readonly mesh: Mesh;
    readonly dataplanes: readonly Dataplane[];
  },
): readonly Spot[] {
  const place = side === "ingress" ? at.call.to : at.call.from;
  const service = place === null ? undefined : at.mesh.services.get(place);
  if (service === undefined) return [];
  if (isUncounted(at.policy, at.call, at.mesh)) return [];
  return fitting(service, at.dataplanes)
    .filter((dataplane) => offers(dataplane, at.policy) && offersAt(dataplane, side, at))
    .map((dataplane) => ({
      side,
      service: service.name,
      dataplane: dataplane.name,
      cost:
        at.rate * at.policy.actions.reduce((sum, action) => sum + (dataplane.actionCosts?.[action] ?? 0), 0),
    }));
}

/** Whether the policy counts the bytes of connections, or is called for them, and the call is made of requests, which share connections with others. */
export function isUncounted(policy: Policy, call: CallName, mesh: Mesh): boolean {
  const isForBytes =
    policy.actions.includes("CountBytes") || (policy.kind === "filter" && policy.act === "Connection");
  return isForBytes && mesh.services.get(call.to)?.protocol !== "tcp";
}

/** The data planes that a service can take: none when it is `never`, one when it is pinned. */
export function fitting(service: Service, dataplanes: readonly Dataplane[]): readonly Dataplane[] {
  if (service.proxy === "never") return [];
  return service.proxy === "any"
    ? dataplanes
    : dataplanes.filter((dataplane) => dataplane.name === service.proxy);
}

/** Whether a data plane has all actions of a policy. */
export function offers(dataplane: Dataplane, policy: Policy): boolean {
  const actions = dataplane.actions;
  return (
    actions === "all" ||
    policy.actions.every((action) => actions.includes(action) || actions.includes(`${policy.act}.${action}`))
  );
}

/** Whether none of a section's actions is for the other side on this data plane. */
export function offersAt(
  { sides = {} }: Dataplane,
  side: PlacedSide,
  { policy, section }: { readonly policy: Policy; readonly section: Section },
): boolean {
  return actionsIn(policy, section.body).every(
    (action) => (sides[action] ?? sides[`${policy.act}.${action}`] ?? side) === side,
  );
}

/** Those of filter code are of all of it. */
function actionsIn(policy: Policy, body: readonly Statement[]): readonly string[] {
  return policy.kind === "filter" ? policy.actions : callsIn(body).map(({ action }) => action);
}

function replicasOf(service: Service): number {
  if (service.versions.size === 0) return service.replicas;
  return [...service.versions.values()].reduce((sum, version) => sum + version.replicas, 0);
}

/** A section with the sides that it may sit on. */
export interface Section {
  readonly name: Side;
  readonly sides: readonly PlacedSide[];
  readonly body: readonly Statement[];
}

/** The sections of a policy; one of filter code has no statements. Some actions are for one side only: a route is chosen by the caller's proxy. */
export function sectionsOf(policy: Policy): readonly Section[] {
  const sections = policy.kind === "copper" ? policy.sections : [{ side: policy.side, body: [] }];
  return sections.map(({ side, body }) => {
    const sides: readonly PlacedSide[] = side === "either" ? ["egress", "ingress"] : [side];
    const bound = actionsIn(policy, body).flatMap(
      (action) => actionOf(standardInterface, policy.act, action)?.side ?? [],
    );
    return { name: side, body, sides: sides.filter((allowed) => bound.every((only) => only === allowed)) };
  });
}

/** Whether the unit takes part in the judgement of all `Allow`s of a call. An audited policy changes nothing. */
function unitAllows({ policy, section }: Unit): boolean {
  if (policy.mode === "audit") return false;
  return sectionsOf(policy).some(
    ({ name, body }) => name === section && callsIn(body).some(({ action }) => action === "Allow"),
  );
}
