import type { Policy } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { automaton } from "./automaton.ts";
import { callGraph } from "./call-graph.ts";
import { jointMachine } from "./path-machine.ts";
import { shortestPath } from "./shortest-path.ts";
import { actMatches, verdicts } from "./verdicts.ts";

/** Whether no request that a mesh can have is matched by a policy; in doubt not. */
export function isEmpty(policy: Policy, mesh: Mesh): boolean {
  const { calls, tooManyStates } = verdicts(policy, mesh);
  if (tooManyStates || calls.some(({ verdict }) => verdict === "always")) return false;
  if (calls.length === 0) return true;
  // Each version may match, and none does where it is asked for twice.
  const graph = callGraph(mesh);
  const machine = jointMachine(graph, [automaton(policy.context, "may")]);
  const path = shortestPath(
    graph,
    machine,
    ({ call, state }) => machine.accepts(state).every(Boolean) && actMatches(policy, graph, call),
  );
  return path === undefined;
}
