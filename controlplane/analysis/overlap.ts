import type { Policy } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { type CallName, callGraph } from "./call-graph.ts";
import { jointMachine } from "./path-machine.ts";
import { pathEnds } from "./shortest-path.ts";
import { actMatches } from "./verdicts.ts";

/** Requests of one call that two policies match. */
export interface Meeting {
  readonly call: CallName;
  /** A shortest path of such a request; a service with its version where that decides. */
  readonly path: readonly string[];
}

/** The calls on which some request is matched by both policies, those of shorter paths first. */
export function overlap(p: Policy, q: Policy, mesh: Mesh): readonly Meeting[] {
  const graph = callGraph(mesh);
  const machine = jointMachine(graph, [p.context, q.context]);
  const found = new Map<number, Meeting>();
  for (const end of pathEnds(graph, machine)) {
    // What is left unseen are longer paths.
    if (end === "unknown") break;
    const { call, state, way } = end;
    const name = graph.calls[call];
    if (name === undefined || found.has(call) || machine.accepts(state).includes(false)) continue;
    if (actMatches(p, graph, call) && actMatches(q, graph, call))
      found.set(call, { call: name, path: way() });
  }
  return [...found.values()];
}
