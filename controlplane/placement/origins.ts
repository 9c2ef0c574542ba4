import { type CallGraph, callGraph } from "../analysis/call-graph.ts";
import type { Side } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { at0 } from "./network.ts";
import type { Demand } from "./policy-demands.ts";
import type { Problem } from "./problem.ts";

/**
 * Services that have to stamp (design §5), whatever their stamps tell apart: where paths begin, since an absent state then always means that it was lost; and what
 * hands on an id alone, since its proxy has to say again what it was told with that id.
 */
export interface Origins {
  /** Wherever the policies are enforced. */
  readonly always: ReadonlySet<string>;
  /** When a section of a policy is at ingress of a service: only there is its state asked for. */
  readonly atIngress: readonly {
    readonly callee: string;
    readonly section: Side;
    readonly policy: string;
    readonly services: readonly string[];
  }[];
}

export function originsOf({ mesh, calls, demands, starts, units }: Problem): Origins {
  const graph = callGraph(mesh);
  const always = new Set<string>();
  const atIngress = new Map<string, Origins["atIngress"][number]>();
  const done = new Set<string>();
  for (const [number, { from, to }] of calls.entries()) {
    for (let unit = at0(starts, number); unit < at0(starts, number + 1); unit++) {
      const { asks, policy, section } = demands[at0(units, unit)] as Demand;
      if (asks.egress && from !== null && !done.has(from)) {
        done.add(from);
        for (const name of mustStamp(graph, [from])) always.add(name);
      }
      const key = `${to} ${section.name} ${policy.name}`;
      if (asks.ingress && mesh.identity === "none" && !atIngress.has(key)) {
        const services = mustStamp(graph, callersOf(mesh, to));
        atIngress.set(key, { callee: to, section: section.name, policy: policy.name, services });
      }
    }
  }
  return { always, atIngress: [...atIngress.values()] };
}

/** Whether an id is all that a service hands on. */
export function handsOnId({ services }: Mesh, service: string): boolean {
  return services.get(service)?.forwards !== undefined;
}

function callersOf({ calls }: Mesh, callee: string): readonly string[] {
  return calls.flatMap(({ from, to }) => (to === callee && from !== null ? [from] : []));
}

/** Where paths through these services begin, and what on them hands on an id alone. */
function mustStamp(graph: CallGraph, names: readonly string[]): readonly string[] {
  const { first, ends } = graph.incoming;
  const met = new Set(names.map((name) => graph.numbers.get(name) ?? -1));
  for (const service of met)
    for (let at = at0(first, service); at < at0(first, service + 1); at++) met.add(at0(ends, at));
  return [...met].flatMap((service) => {
    const name = graph.services[service] ?? "";
    const isReached = graph.before[service] !== -2;
    return graph.before[service] === -1 || (isReached && handsOnId(graph.mesh, name)) ? [name] : [];
  });
}
