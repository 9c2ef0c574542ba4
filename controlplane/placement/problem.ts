import { strict as assert } from "node:assert";
import { type CallName, type CallVerdict, callsOf, keyOf, verdicts } from "../analysis/verdicts.ts";
import { inOrder } from "../language/in-order.ts";
import type { Policy, Side } from "../language/policy.ts";
import type { Mesh, Service } from "../mesh/mesh.ts";
import { type Dataplane, fitting, offers, offersAt } from "./dataplane.ts";
import { at0 } from "./network.ts";
import type { PlacedSide } from "./placement.ts";
import { isUncounted, knowsCaller, type Section, sectionsOf } from "./section.ts";

/** What one section of a policy asks of a call that it matches. The same demand is made of many calls; on one of them it is a *unit*. */
export interface Demand {
  readonly id: number;
  /** The place of its section among all of all policies, in order of enforcement. */
  readonly rank: number;
  readonly policy: Policy;
  readonly section: Section;
  /** The versions of the callee that it is for, when it is not for all: then only the callee's proxy knows. */
  readonly versions?: readonly string[];
  /** The data planes that may meet it on that side, as a set of bits. */
  readonly at: Readonly<Record<PlacedSide, number>>;
  /** What one request costs on each data plane, by its number; absent: nothing on any of them. */
  readonly costs?: readonly number[];
}

export interface NumberedCall extends CallName {
  /** The numbers of the two services; the caller's is -1 for a request from outside. */
  readonly caller: number;
  readonly callee: number;
  readonly rate: number;
}

/** A demand on one call: what gets a side. */
export interface Unit {
  readonly demand: Demand;
  readonly call: NumberedCall;
}

/** The model of design §6, numbered. Data planes count from 1; 0 is no proxy. */
export interface Problem {
  readonly mesh: Mesh;
  readonly dataplanes: readonly Dataplane[];
  readonly services: readonly Service[];
  /** The data planes that each service can take, as a set of bits. */
  readonly fitting: readonly number[];
  readonly calls: readonly NumberedCall[];
  readonly demands: readonly Demand[];
  /** The units of call `c` are `units[starts[c]]` up to `units[starts[c + 1]]`: numbers of demands, in order of enforcement. */
  readonly starts: Int32Array;
  readonly units: Int32Array;
  /** Calls of which a policy matches only some requests: these need the path at run time. */
  readonly sometimes: readonly { readonly policy: Policy; readonly call: CallName }[];
  /** Policies whose contexts have more states than can be looked through. */
  readonly tooManyStates: readonly Policy[];
  /** Policies that are enforced nowhere. */
  readonly unmatched: readonly Policy[];
  /** Sections for the caller's proxy of policies that match requests from outside, and no others. */
  readonly outsideOnly: readonly { readonly policy: Policy; readonly section: Side }[];
}

/** As many data planes as a set of bits holds beside the bit for no proxy. */
const dataplanesMax = 30;

/** Builds the model; everything that only one policy or call decides is decided here. */
export function problem(policies: readonly Policy[], mesh: Mesh, dataplanes: readonly Dataplane[]): Problem {
  assert(dataplanes.length <= dataplanesMax, "the data planes are fewer than there are bits");
  const services = [...mesh.services.values()];
  const numberOf = new Map(services.map(({ name }, index) => [name, index]));
  const rates = new Map(mesh.calls.map((call) => [keyOf(call), call.rate]));
  const calls = callsOf(mesh).map((call): NumberedCall => {
    const caller = call.from === null ? -1 : (numberOf.get(call.from) ?? -1);
    return {
      ...call,
      caller,
      callee: numberOf.get(call.to) ?? -1,
      rate: rates.get(keyOf(call)) ?? 1,
    };
  });
  const callNumber = new Map(calls.map((call, index) => [keyOf(call), index]));
  const callsInto = new Int32Array(services.length);
  for (const { callee } of calls) callsInto[callee] = at0(callsInto, callee) + 1;

  const demands: Demand[] = [];
  const unitCalls: number[] = [];
  const unitDemands: number[] = [];
  let rank = 0;
  const sometimes: { policy: Policy; call: CallName }[] = [];
  const tooManyStates: Policy[] = [];
  const unmatched: Policy[] = [];
  const outsideOnly: { policy: Policy; section: Side }[] = [];

  for (const policy of inOrder(policies.filter(({ mode }) => mode !== "off"))) {
    const { calls: judged, tooManyStates: unknown } = verdicts(policy, mesh);
    if (unknown) {
      tooManyStates.push(policy);
      continue;
    }
    const matching = judged.filter(({ verdict }) => verdict !== "never");
    const alike = mesh.identity === "none" ? intoAlike(matching) : undefined;
    const undecided = new Set<CallName>();
    let isEnforced = false;
    for (const section of sectionsOf(policy)) {
      // Egress statements do not apply to a request from outside (design §3).
      const applied = matching.filter(({ from }) => from !== null || section.sides.includes("ingress"));
      if (applied.length === 0 && matching.length > 0) outsideOnly.push({ policy, section: section.name });
      if (applied.length > 0) isEnforced = true;
      const known = new Map<string, Demand>();
      rank++;
      for (const verdict of applied) {
        const { versions, from, to } = verdict;
        if (verdict.verdict === "sometimes" && versions === undefined) {
          undecided.add(verdict);
          continue;
        }
        const number = callNumber.get(keyOf({ from, to })) ?? -1;
        const callee = calls[number]?.callee ?? -1;
        const knowsCall =
          alike === undefined ||
          (alike.get(likeness(verdict)) === callsInto[callee] && knowsCaller(mesh, section));
        const isOutOfPlace = isUncounted(policy, { from, to }, mesh);
        const key = `${knowsCall} ${isOutOfPlace} ${versions?.join() ?? ""}`;
        let demand = known.get(key);
        if (demand === undefined) {
          const at = (side: PlacedSide, isPossible: boolean): number =>
            isPossible && !isOutOfPlace && section.sides.includes(side)
              ? bits(
                  dataplanes,
                  (dataplane) => offers(dataplane, policy) && offersAt(dataplane, side, { policy, section }),
                )
              : 0;
          const costs = [0, ...dataplanes.map((dataplane) => costOf(dataplane, policy))];
          demand = {
            id: demands.length,
            rank,
            policy,
            section,
            ...(versions === undefined ? {} : { versions }),
            at: { egress: at("egress", versions === undefined), ingress: at("ingress", knowsCall) },
            ...(costs.some((cost) => cost !== 0) ? { costs } : {}),
          };
          demands.push(demand);
          known.set(key, demand);
        }
        unitCalls.push(number);
        unitDemands.push(demand.id);
      }
    }
    for (const { from, to } of undecided) sometimes.push({ policy, call: { from, to } });
    if (!isEnforced) unmatched.push(policy);
  }
  return {
    mesh,
    dataplanes,
    services,
    fitting: services.map((service) => {
      const fit = fitting(service, dataplanes);
      return bits(dataplanes, (dataplane) => fit.includes(dataplane));
    }),
    calls,
    demands,
    ...byCall(calls.length, unitCalls, unitDemands),
    sometimes,
    tooManyStates,
    unmatched,
    outsideOnly,
  };
}

/** The units of a problem, or of one of its calls. */
export function* unitsOf({ calls, demands, starts, units }: Problem, only?: number): Generator<Unit> {
  const [from, to] = only === undefined ? [0, calls.length] : [only, only + 1];
  for (let number = from; number < to; number++) {
    const call = calls[number] as NumberedCall;
    for (let unit = at0(starts, number); unit < at0(starts, number + 1); unit++)
      yield { demand: demands[at0(units, unit)] as Demand, call };
  }
}

/** The sides on which a unit could be enforced, whatever becomes of others. */
export function openSides({ demand, call }: Unit, { fitting }: Problem): readonly PlacedSide[] {
  const sides: PlacedSide[] = [];
  if ((demand.at.egress & (fitting[call.caller] ?? 0)) !== 0) sides.push("egress");
  if ((demand.at.ingress & (fitting[call.callee] ?? 0)) !== 0) sides.push("ingress");
  return sides;
}

/** The units of each call, one after the other, in the order in which they were found. */
function byCall(
  count: number,
  unitCalls: readonly number[],
  unitDemands: readonly number[],
): { readonly starts: Int32Array; readonly units: Int32Array } {
  const starts = new Int32Array(count + 1);
  for (const call of unitCalls) starts[call + 1] = at0(starts, call + 1) + 1;
  for (let call = 0; call < count; call++) starts[call + 1] = at0(starts, call + 1) + at0(starts, call);
  const next = starts.slice();
  const units = new Int32Array(unitCalls.length);
  for (const [index, call] of unitCalls.entries()) {
    const place = at0(next, call);
    units[place] = at0(unitDemands, index);
    next[call] = place + 1;
  }
  return { starts, units };
}

/** The data planes for which it is so; the first has number 1. */
function bits(dataplanes: readonly Dataplane[], isSo: (dataplane: Dataplane) => boolean): number {
  return dataplanes.reduce((set, dataplane, index) => (isSo(dataplane) ? set | (2 << index) : set), 0);
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

/** What one request costs that a policy is enforced on. */
export function costOf({ actionCosts = {} }: Dataplane, { act, actions }: Policy): number {
  return actions.reduce(
    (sum, action) => sum + (actionCosts[action] ?? actionCosts[`${act}.${action}`] ?? 0),
    0,
  );
}

/** By number of a service: requests a second that it answers and makes, all of which go through its proxy. */
export function ratesThrough({ services, calls }: Pick<Problem, "services" | "calls">): Float64Array {
  const rates = new Float64Array(services.length);
  for (const { caller, callee, rate } of calls) {
    rates[callee] = at0(rates, callee) + rate;
    if (caller >= 0) rates[caller] = at0(rates, caller) + rate;
  }
  return rates;
}

/** The processes in front of a service. */
export function replicasOf(service: Service): number {
  if (service.versions.size === 0) return service.replicas;
  return [...service.versions.values()].reduce((sum, version) => sum + version.replicas, 0);
}
