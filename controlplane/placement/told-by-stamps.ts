import { type CallGraph, callGraph } from "../analysis/call-graph.ts";
import type { ContextMachine } from "../analysis/path-machine.ts";
import { type Lookalikes, type Point, type Projection, project, type Stop } from "../analysis/projection.ts";
import { leadingTo } from "../analysis/shortest-path.ts";
import type { Policy } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { contextMachine } from "./context-machine.ts";
import { carriesState, type Dataplane, fitting } from "./dataplane.ts";
import { at0 } from "./network.ts";
import { handsOnId } from "./origins.ts";
import type { PlacedSide } from "./placement.ts";
import type { World } from "./problem.ts";

/** Why no stamps tell a proxy whether a request matches. */
export type Blindness =
  /** Requests come by way of a store, and a connection has no headers. */
  | { readonly kind: "connection"; readonly service: string }
  /** Paths begin at a service that has no proxy which could write the first state. */
  | { readonly kind: "origin"; readonly service: string }
  /** An id is all that a service hands on, and it has no proxy which could write the state that goes with it. */
  | { readonly kind: "idAlone"; readonly service: string }
  /** Paths begin at a service by itself, the context tells its versions apart, and what goes out of it does not say which one sent it. */
  | { readonly kind: "originVersion"; readonly service: string }
  /** A proxy cannot tell what comes from outside, and is not to be trusted, from what its callers inside send. */
  | { readonly kind: "outside"; readonly service: string }
  /** Two paths, one of which matches, look alike to all services that could stamp. */
  | { readonly kind: "lookalikes"; readonly matching: readonly string[]; readonly other: readonly string[] };

export interface Told {
  /** By side of the call: why a proxy there could not tell; undefined where it can. */
  readonly blind: Readonly<Record<PlacedSide, Blindness | undefined>>;
  /** All requests match, or none does, whatever the versions on their paths: nothing need be told. */
  readonly decided?: "always" | "never";
}

/**
 * Where proxies could tell, if all services stamped that can, which requests of these calls a policy matches. At ingress without identities a proxy
 * has to tell the requests of all calls into the service apart.
 */
export function toldByStamps(
  policy: Policy,
  calls: readonly number[],
  world: World,
  routed: ReadonlyMap<number, string>,
): ReadonlyMap<number, Told> | "tooManyStates" {
  const { mesh } = world;
  const graph = callGraph(mesh);
  const pointAt = (side: PlacedSide, call: number): readonly [string, Point] =>
    pointOf(side, call, { mesh, routed });
  const points = (side: PlacedSide): ReadonlyMap<string, Point> =>
    new Map(calls.map((call) => pointAt(side, call)));
  const all = stampers(mesh, world.dataplanes);
  const isPlain = isWhollySeen(policy, calls, graph, all);
  /** By point, what all of its answers say where they say one thing. */
  const said = new Map<string, boolean | undefined>();
  const blindAt = (side: PlacedSide): ReadonlyMap<string, Blindness> | "tooManyStates" => {
    const found = new Map<string, Blindness>();
    let open = [...points(side)].filter(([key, { calls: own }]) => {
      const blindness = uncarried(own, side, { graph, all, machine: contextMachine(policy, mesh) });
      if (blindness !== undefined) found.set(key, blindness);
      return blindness === undefined && !isPlain;
    });
    while (open.length > 0) {
      const machine = contextMachine(policy, mesh);
      const answer = project(graph, { machine, points: open.map(([, point]) => point) }, all);
      if (answer.kind === "tooManyStates") return answer.kind;
      if (answer.kind === "projection") {
        for (const [number, [key]] of open.entries())
          if (side === "egress") said.set(key, uniform(answer, number));
        break;
      }
      const alike = new Map(answer.found.map((each) => [open[each.point]?.[0], each]));
      for (const [key] of open) {
        const each = alike.get(key);
        if (each !== undefined) found.set(key, textsOf(each));
      }
      open = open.filter(([key]) => !alike.has(key));
    }
    return found;
  };
  const egress = blindAt("egress");
  const ingress = blindAt("ingress");
  if (egress === "tooManyStates" || ingress === "tooManyStates") return "tooManyStates";
  const keyOf = (side: PlacedSide, call: number): string => pointAt(side, call)[0];
  return new Map(
    calls.map((call): readonly [number, Told] => {
      const matches = said.get(keyOf("egress", call));
      return [
        call,
        {
          blind: { egress: egress.get(keyOf("egress", call)), ingress: ingress.get(keyOf("ingress", call)) },
          ...(matches === undefined ? {} : { decided: matches ? "always" : "never" }),
        },
      ];
    }),
  );
}

/**
 * Whether stamps of all services would show paths to these calls as they are: each service on the way can stamp, and no context tells versions
 * apart. Then they tell, and what the call graph leaves open is open.
 */
function isWhollySeen(
  policy: Policy,
  calls: readonly number[],
  graph: CallGraph,
  all: ReadonlySet<number>,
): boolean {
  const leads = leadingTo(graph, calls);
  const machine = contextMachine(policy, graph.mesh);
  return (
    calls.every((call) => machine.letters(at0(graph.to, call)).length === 1) &&
    leads.every(
      (leading, service) => leading === 0 || (all.has(service) && machine.letters(service).length === 1),
    )
  );
}

/** What a projection says at a point, if it is the same of all paths. */
function uniform({ answers }: Projection, point: number): boolean | undefined {
  const all = answers.flatMap((each) =>
    [...each].flatMap(([key, matches]) => (key.split(" ")[0] === `${point}` ? [matches] : [])),
  );
  return all.every((matches) => matches === all[0]) ? all[0] : undefined;
}

/** Where a proxy on that side asks, with a name for it. Routes may have decided versions of callees. */
export function pointOf(
  side: PlacedSide,
  call: number,
  { mesh, routed }: { readonly mesh: Mesh; readonly routed: ReadonlyMap<number, string> },
): readonly [key: string, point: Point] {
  if (side === "egress") return [`${call}`, { calls: [call], knowsVersion: routed.has(call), routed }];
  if (mesh.identity !== "none") return [`${call}`, { calls: [call], knowsVersion: true, routed }];
  const { to, incoming } = callGraph(mesh);
  const { first, calls } = incoming;
  const callee = at0(to, call);
  const into = [...calls.subarray(at0(first, callee), at0(first, callee + 1))];
  return [`into ${callee}`, { calls: into, knowsVersion: true, routed }];
}

const stampersOf = new WeakMap<
  Mesh,
  { readonly dataplanes: readonly Dataplane[]; readonly services: ReadonlySet<number> }
>();

/** The services that can have a proxy which stamps, by their numbers in the call graph. */
export function stampers(mesh: Mesh, dataplanes: readonly Dataplane[]): ReadonlySet<number> {
  const known = stampersOf.get(mesh);
  if (known?.dataplanes === dataplanes) return known.services;
  const services = new Set(
    [...mesh.services.values()].flatMap((service, number) =>
      service.protocol !== "tcp" && fitting(service, dataplanes).some(carriesState) ? [number] : [],
    ),
  );
  stampersOf.set(mesh, { dataplanes, services });
  return services;
}

/** What keeps a state from being written where paths to these calls begin, or from being carried along them. */
function uncarried(
  calls: readonly number[],
  side: PlacedSide,
  {
    graph,
    all,
    machine,
  }: { readonly graph: CallGraph; readonly all: ReadonlySet<number>; readonly machine: ContextMachine },
): Blindness | undefined {
  const { mesh } = graph;
  const leads = leadingTo(graph, calls);
  const hasCallers = (service: number): boolean =>
    at0(graph.incoming.first, service) < at0(graph.incoming.first, service + 1);
  for (const [number, service] of graph.services.entries()) {
    if (mesh.identity === "none" && mesh.services.get(service)?.entry === true && hasCallers(number)) {
      const isAsked = side === "ingress" && calls.some((call) => at0(graph.to, call) === number);
      if (leads[number] === 1 || isAsked) return { kind: "outside", service };
    }
    if (leads[number] !== 1) continue;
    if (graph.isTcp[number] === 1 && graph.before[number] !== -2) return { kind: "connection", service };
    if (graph.before[number] === -1 && !all.has(number)) return { kind: "origin", service };
    if (graph.before[number] !== -2 && handsOnId(mesh, service) && !all.has(number))
      return { kind: "idAlone", service };
    if (mesh.services.get(service)?.origin === true && machine.letters(number).length > 1)
      return { kind: "originVersion", service };
  }
  return undefined;
}

function textsOf({ matching, other }: Lookalikes): Blindness {
  const text = (path: readonly Stop[]): readonly string[] => path.map(({ name }) => name);
  return { kind: "lookalikes", matching: text(matching), other: text(other) };
}
