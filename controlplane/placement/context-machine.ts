import { automaton } from "../analysis/automaton.ts";
import { callGraph } from "../analysis/call-graph.ts";
import { type ContextMachine, contextMachines } from "../analysis/path-machine.ts";
import type { Policy } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";

const known = new WeakMap<Mesh, WeakMap<Policy, ContextMachine>>();

/** What reads a policy's context along paths of a mesh. */
export function contextMachine(policy: Policy, mesh: Mesh): ContextMachine {
  const ofMesh = known.get(mesh) ?? new WeakMap<Policy, ContextMachine>();
  known.set(mesh, ofMesh);
  const found = ofMesh.get(policy) ?? make(policy, mesh);
  ofMesh.set(policy, found);
  return found;
}

function make({ context }: Policy, mesh: Mesh): ContextMachine {
  const [machine] = contextMachines(callGraph(mesh), [automaton(context, "may")]);
  if (machine === undefined) throw new RangeError("one automaton makes one machine");
  return machine;
}
