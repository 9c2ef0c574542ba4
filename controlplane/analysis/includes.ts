import type { Policy } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { automaton } from "./automaton.ts";
import { callGraph } from "./call-graph.ts";
import { jointMachine } from "./path-machine.ts";
import { leadingTo, type PathEnd, shortestPath } from "./shortest-path.ts";
import { actMatches, verdicts } from "./verdicts.ts";

/** Whether every request that `inner` matches is matched by `outer`; in doubt not. */
export function includes(outer: Policy, inner: Policy, mesh: Mesh): boolean {
  return pathOutside(outer, inner, mesh) === undefined;
}

/** A shortest path that `inner` matches and `outer` does not; `unknown` when there is too much to look through. */
export function pathOutside(
  outer: Policy,
  inner: Policy,
  mesh: Mesh,
): readonly string[] | "unknown" | undefined {
  const graph = callGraph(mesh);
  const judged = verdicts(inner, mesh);
  if (judged.tooManyStates) return "unknown";
  const sure = new Set(
    verdicts(outer, mesh).calls.flatMap(({ call, verdict }) => (verdict === "always" ? [call] : [])),
  );
  if (judged.calls.every(({ call }) => sure.has(call))) return undefined;
  const machine = jointMachine(
    graph,
    [outer, inner].map(({ context }) => automaton(context, "may")),
  );
  const leads = leadingTo(
    graph,
    judged.calls.map(({ call }) => call),
  );
  const isOutsideOf = ({ call, state }: PathEnd): boolean => {
    const [isOutside, isInside] = machine.accepts(state);
    return (
      isInside === true &&
      actMatches(inner, graph, call) &&
      !(isOutside === true && actMatches(outer, graph, call))
    );
  };
  return shortestPath(graph, machine, isOutsideOf, leads);
}
