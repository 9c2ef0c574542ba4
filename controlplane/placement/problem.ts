import { strict as assert } from "node:assert";
import { type CallName, callGraph } from "../analysis/call-graph.ts";
import { type DecidedCall, decidedOtherwise, fixedRoutes } from "../analysis/fixed-routes.ts";
import { inOrder } from "../language/in-order.ts";
import { dataplanesMax } from "../language/offer.ts";
import type { Policy, Side } from "../language/policy.ts";
import type { Mesh, Service } from "../mesh/mesh.ts";
import { type Dataplane, fitting } from "./dataplane.ts";
import { at0 } from "./network.ts";
import type { PlacedSide } from "./placement.ts";
import { type Demand, demandsOf, type PolicyDemands } from "./policy-demands.ts";

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

/** What of the model the mesh and the data planes decide, numbered. Data planes count from 1; 0 is no proxy. */
export interface World {
  readonly mesh: Mesh;
  readonly dataplanes: readonly Dataplane[];
  readonly services: readonly Service[];
  /** The data planes that each service can take, as a set of bits. */
  readonly fitting: readonly number[];
  readonly calls: readonly NumberedCall[];
  /** By number of a service: requests a second that it answers and makes, all of which go through its proxy. */
  readonly through: Float64Array;
  /** Those of them that it answers. */
  readonly into: Float64Array;
}

/** The model of design §6. */
export interface Problem extends World {
  /** In order of enforcement. */
  readonly demands: readonly Demand[];
  /** The units of call `c` are `units[starts[c]]` up to `units[starts[c + 1]]`: numbers of demands, in order of enforcement. */
  readonly starts: Int32Array;
  readonly units: Int32Array;
  /** Calls over connections of which a policy matches only some: nothing tells which. */
  readonly sometimes: readonly { readonly policy: Policy; readonly call: CallName }[];
  /** Policies whose contexts have more states than can be looked through. */
  readonly tooManyStates: readonly Policy[];
  /** Policies that are enforced nowhere. */
  readonly unmatched: readonly Policy[];
  /** Those of them that are for versions which other policies send no request to, with a call that shows it. */
  readonly overruled: ReadonlyMap<Policy, Omit<DecidedCall, "by"> & { readonly by: Policy }>;
  /** Sections for the caller's proxy of policies that match requests from outside, and no others. */
  readonly outsideOnly: readonly { readonly policy: Policy; readonly section: Side }[];
}

const worlds = new WeakMap<Mesh, World>();

/** The world of a mesh and data planes; that which was asked for last is known. */
export function worldOf(mesh: Mesh, dataplanes: readonly Dataplane[]): World {
  const known = worlds.get(mesh);
  if (known?.dataplanes === dataplanes) return known;
  assert(dataplanes.length <= dataplanesMax, "the data planes are fewer than there are bits");
  const services = [...mesh.services.values()];
  const graph = callGraph(mesh);
  const rates = ratesOf(mesh);
  const calls = graph.calls.map(
    ({ from, to }, number): NumberedCall => ({
      from,
      to,
      caller: at0(graph.from, number),
      callee: at0(graph.to, number),
      rate: from === null ? 1 : (rates.get(from)?.get(to) ?? 1),
    }),
  );
  const world: World = {
    mesh,
    dataplanes,
    services,
    fitting: services.map((service) => {
      const fit = fitting(service, dataplanes);
      return dataplanes.reduce((set, each, index) => (fit.includes(each) ? set | (2 << index) : set), 0);
    }),
    calls,
    ...ratesThrough(services.length, calls),
  };
  worlds.set(mesh, world);
  return world;
}

/** Builds the model; everything that only one policy or call decides is decided here. */
export function problem(policies: readonly Policy[], mesh: Mesh, dataplanes: readonly Dataplane[]): Problem {
  const world = worldOf(mesh, dataplanes);
  const active = inOrder(policies.filter(({ mode }) => mode !== "off"));
  const routes = fixedRoutes(active, mesh);
  const asked = active.map((policy, number) => ({
    policy,
    ...demandsOf(policy, world, { routes, number }),
  }));
  return {
    ...world,
    demands: asked.flatMap(({ demands }) => demands),
    ...byCall(world.calls.length, asked),
    sometimes: asked.flatMap(({ policy, sometimes }) => sometimes.map((call) => ({ policy, call }))),
    tooManyStates: asked.flatMap(({ policy, hasTooManyStates }) => (hasTooManyStates ? [policy] : [])),
    unmatched: asked.flatMap(({ policy, isUnmatched }) => (isUnmatched ? [policy] : [])),
    overruled: new Map(
      asked.flatMap(({ policy, isUnmatched }, number) => {
        const found = isUnmatched ? decidedOtherwise(policy, mesh, { routes, number }) : undefined;
        const by = found && active[found.by];
        return found === undefined || by === undefined ? [] : [[policy, { ...found, by }] as const];
      }),
    ),
    outsideOnly: asked.flatMap(({ policy, outsideOnly }) =>
      outsideOnly.map((section) => ({ policy, section })),
    ),
  };
}

/** The units of each call, one after the other, in the order of the policies. */
function byCall(
  count: number,
  asked: readonly PolicyDemands[],
): { readonly starts: Int32Array; readonly units: Int32Array } {
  const starts = new Int32Array(count + 1);
  for (const { calls } of asked) for (const call of calls) starts[call + 1] = at0(starts, call + 1) + 1;
  for (let call = 0; call < count; call++) starts[call + 1] = at0(starts, call + 1) + at0(starts, call);
  const next = starts.slice();
  const units = new Int32Array(at0(starts, count));
  let first = 0;
  for (const { calls, which, demands } of asked) {
    for (let index = 0; index < calls.length; index++) {
      const call = at0(calls, index);
      const place = at0(next, call);
      units[place] = first + at0(which, index);
      next[call] = place + 1;
    }
    first += demands.length;
  }
  return { starts, units };
}

/** Whether only the paths of requests decide about some of its units. */
export function asksPaths({ demands }: Pick<Problem, "demands">): boolean {
  return demands.some(({ asks }) => asks.egress || asks.ingress);
}

/** The units of a problem, call by call. */
export function* unitsOf({ calls, demands, starts, units }: Problem): Generator<Unit> {
  for (const [number, call] of calls.entries()) {
    for (let unit = at0(starts, number); unit < at0(starts, number + 1); unit++)
      yield { demand: demands[at0(units, unit)] as Demand, call };
  }
}

/** Units that no proxy could enforce. */
export function homelessUnits({ calls, demands, fitting, starts, units }: Problem): readonly Unit[] {
  const homeless: Unit[] = [];
  for (const [number, call] of calls.entries()) {
    const [caller, callee] = [fitting[call.caller] ?? 0, fitting[call.callee] ?? 0];
    for (let unit = at0(starts, number); unit < at0(starts, number + 1); unit++) {
      const demand = demands[at0(units, unit)] as Demand;
      if (((demand.at.egress & caller) | (demand.at.ingress & callee)) === 0) homeless.push({ demand, call });
    }
  }
  return homeless;
}

/** The sides on which a unit could be enforced, whatever becomes of others. */
export function openSides({ demand, call }: Unit, { fitting }: Problem): readonly PlacedSide[] {
  const sides: PlacedSide[] = [];
  if ((demand.at.egress & (fitting[call.caller] ?? 0)) !== 0) sides.push("egress");
  if ((demand.at.ingress & (fitting[call.callee] ?? 0)) !== 0) sides.push("ingress");
  return sides;
}

/** Requests per second from one service to another. */
function ratesOf({ calls }: Mesh): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const rates = new Map<string, Map<string, number>>();
  for (const { from, to, rate } of calls) {
    if (from === null) continue;
    const own = rates.get(from) ?? new Map<string, number>();
    rates.set(from, own);
    own.set(to, rate);
  }
  return rates;
}

function ratesThrough(size: number, calls: readonly NumberedCall[]): Pick<World, "through" | "into"> {
  const through = new Float64Array(size);
  const into = new Float64Array(size);
  for (const { caller, callee, rate } of calls) {
    into[callee] = at0(into, callee) + rate;
    through[callee] = at0(through, callee) + rate;
    if (caller >= 0) through[caller] = at0(through, caller) + rate;
  }
  return { through, into };
}

/** The processes in front of a service. */
export function replicasOf(service: Service): number {
  if (service.versions.size === 0) return service.replicas;
  return [...service.versions.values()].reduce((sum, version) => sum + version.replicas, 0);
}
