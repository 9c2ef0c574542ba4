import type { Source } from "../../language/source.ts";
import { generatePolicies } from "../../mesh/generate-policies.ts";
import type { Mesh, Service } from "../../mesh/mesh.ts";
import { type Random, random } from "../../mesh/random.ts";
import { type RequestGraph, requestGraph } from "../../mesh/request-graph.ts";
import type { SetName } from "./placement-record.ts";

/** Policies for one application. */
export interface PolicySet {
  readonly name: SetName;
  /** How many policies there are in it. */
  readonly policies: number;
  readonly source: Source;
}

/** As many as in the paper: a header for ten services, and a route for four calls between services. */
const servicesForHeader = 10;
const callsForRoute = 4;
/** Of its headers, those whose context begins at the entry; the others begin at any service that calls some. */
const headersFromEntry = 2 / 3;
/** Of its routes, those whose context says who called the caller. */
const routesFromAbove = 2 / 3;

/**
 * Three sets of policies, drawn by a seed, and the mesh that they are for: services that requests are routed to have two versions. A set
 * without a policy, where there is nothing that it could be for, is left out.
 *
 * - `p1`: headers written by context, and routes to versions at the caller, as in the paper's P1.
 * - `p1p2`: these, and of each store who may open a connection to it.
 * - `mixed`: as many as `p1`, some for the caller's proxy, some for the callee's, some for either.
 */
export function policySets(
  application: Mesh,
  seed: number,
): { readonly mesh: Mesh; readonly sets: readonly PolicySet[] } {
  const graph = requestGraph(application);
  const draw = random(seed);
  const routed = drawRoutes(graph, draw);
  const p1 = [...drawHeaders(application, graph, draw), ...routed.map(routePolicy)];
  const p2 = guardPolicies(application);
  const mesh = withVersions(application, new Set(routed.map(({ to }) => to)));
  const sets = [setOf("p1", p1), setOf("p1p2", [...p1, ...p2])];
  if (p1.length > 0) {
    const { source } = generatePolicies(mesh, { seed, policies: p1.length, wide: 0 });
    sets.push({ name: "mixed", policies: p1.length, source });
  }
  return { mesh, sets: sets.filter(({ policies }) => policies > 0) };
}

function setOf(name: SetName, texts: readonly string[]): PolicySet {
  return { name, policies: texts.length, source: { path: `${name}.cup`, text: texts.join("---\n") } };
}

/** From a service on, on any way, for requests to one service or two. */
function drawHeaders({ services }: Mesh, graph: RequestGraph, draw: Random): readonly string[] {
  const callers = [...graph.callees.keys()];
  if (callers.length === 0) return [];
  const entries = callers.filter((name) => services.get(name)?.entry === true);
  const count = Math.max(1, Math.round(services.size / servicesForHeader));
  return Array.from({ length: count }, (_, number) => {
    const from = draw.pick(entries.length > 0 && draw.next() < headersFromEntry ? entries : callers);
    const below = [...graph.reached(from)].filter((name) => name !== from);
    const to = draw.sample(below, 1 + draw.below(2));
    return policy(`header-${number}`, {
      act: "Request request",
      context: `${from} -> .* -> ${to.length === 1 ? to[0] : `[${to.join(", ")}]`}`,
      body: `SetHeader(request, "x-header-${number}", "${from}");`,
    });
  });
}

interface Route {
  /** Who called the caller; absent where that does not matter. */
  readonly above?: string;
  readonly from: string;
  readonly to: string;
}

function drawRoutes({ calls, callers }: RequestGraph, draw: Random): readonly Route[] {
  if (calls.length === 0) return [];
  const count = Math.max(1, Math.round(calls.length / callsForRoute));
  return draw.sample(calls, count).map(({ from, to }) => {
    const all = callers.get(from) ?? [];
    const isFromAbove = draw.next() < routesFromAbove;
    return { from, to, ...(isFromAbove && all.length > 0 ? { above: draw.pick(all) } : {}) };
  });
}

function routePolicy({ above, from, to }: Route, number: number): string {
  return policy(`route-${number}`, {
    act: "Request request",
    context: [...(above === undefined ? [] : [above]), from, to].join(" -> "),
    body: `[Egress]\n    RouteToVersion(request, "${to}", "v2");`,
  });
}

/** Who calls a store may, and nobody else. */
function guardPolicies({ services, calls }: Mesh): readonly string[] {
  const callers = Map.groupBy(calls, ({ to }) => to);
  const stores = [...services.values()].filter(
    ({ name, protocol }) => protocol === "tcp" && callers.has(name),
  );
  return stores.map(({ name }, number) =>
    policy(`guard-${number}`, {
      act: "Connection connection",
      context: `. -> ${name}`,
      body: (callers.get(name) ?? [])
        .map(({ from }) => `Allow(connection, "${from}", "${name}");`)
        .join("\n    "),
    }),
  );
}

function policy(
  name: string,
  { act, context, body }: { readonly act: string; readonly context: string; readonly body: string },
): string {
  return `policy ${name} (\n    act (${act})\n    context ('${context}')\n) {\n    ${body}\n}\n`;
}

/** The second version is a replica; one more where there was only one. */
function withVersions(mesh: Mesh, versioned: ReadonlySet<string>): Mesh {
  const services = [...mesh.services.values()].map((service): Service => {
    if (!versioned.has(service.name)) return service;
    const first = Math.max(1, service.replicas - 1);
    const versions = new Map([
      ["v1", { replicas: first }],
      ["v2", { replicas: 1 }],
    ]);
    return { ...service, replicas: first + 1, versions };
  });
  return { ...mesh, services: new Map(services.map((service) => [service.name, service])) };
}
