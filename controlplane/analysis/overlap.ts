import type { Policy } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { type CallName, callGraph } from "./call-graph.ts";
import { jointMachine } from "./path-machine.ts";
import { leadingTo, pathEnds } from "./shortest-path.ts";
import { verdicts } from "./verdicts.ts";

/** Requests of one call that two policies match. */
export interface Meeting {
  readonly call: CallName;
  /** A shortest path of such a request; a service with its version where that decides. */
  readonly path: readonly string[];
}

/** The calls on which some request is matched by both policies, those of shorter paths first. */
export function overlap(p: Policy, q: Policy, mesh: Mesh): readonly Meeting[] {
  const graph = callGraph(mesh);
  const matched = (policy: Policy): readonly number[] => verdicts(policy, mesh).calls.map(({ call }) => call);
  const others = new Set(matched(q));
  const shared = new Set(matched(p).filter((call) => others.has(call)));
  if (shared.size === 0) return [];
  const machine = jointMachine(graph, [p.context, q.context]);
  const found = new Map<number, Meeting>();
  for (const end of pathEnds(graph, machine, leadingTo(graph, shared))) {
    // What is left unseen are longer paths.
    if (end === "unknown") break;
    const { call, state, way } = end;
    const name = graph.calls[call];
    if (name === undefined || !shared.has(call) || found.has(call) || machine.accepts(state).includes(false))
      continue;
    found.set(call, { call: name, path: way() });
    if (found.size === shared.size) break;
  }
  return [...found.values()];
}
