import { strict as assert } from "node:assert";
import type { Expression } from "../language/context.ts";
import type { Policy } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { type Automaton, automaton, type VersionReading } from "./automaton.ts";
import { type CallGraph, type CallName, callGraph } from "./call-graph.ts";
import { unversionedMachine } from "./path-machine.ts";
import { leadingTo, shortestPath } from "./shortest-path.ts";
import { accepted, rejected, type Walk, walk } from "./walk.ts";

export interface CallVerdict extends CallName {
  /** The number of the call in the graph of the mesh. */
  readonly call: number;
  readonly verdict: "always" | "sometimes";
  /** With `sometimes`, when the callee's version alone decides: the versions that the policy is for. */
  readonly versions?: readonly string[];
}

export interface Verdicts {
  /** Of every call that the policy may match, in the order of the graph; it never matches the others. */
  readonly calls: readonly CallVerdict[];
  /** The context takes more states than anyone would wait for: nothing is known about the calls. */
  readonly tooManyStates: boolean;
}

const known = new WeakMap<Mesh, WeakMap<Policy, Verdicts>>();

/** How a policy may match the requests of each call; worked out when it is first asked for. */
export function verdicts(policy: Policy, mesh: Mesh): Verdicts {
  const ofMesh = known.get(mesh) ?? new WeakMap<Policy, Verdicts>();
  known.set(mesh, ofMesh);
  const found = ofMesh.get(policy) ?? judge(policy, mesh);
  ofMesh.set(policy, found);
  return found;
}

function judge(policy: Policy, mesh: Mesh): Verdicts {
  const graph = callGraph(mesh);
  const may = read(policy, graph, "may");
  const must = hasVersions(policy.context.expression) ? read(policy, graph, "must") : may;
  if (may === undefined || must === undefined) return { calls: [], tooManyStates: true };
  const calls = [...may.found.matching]
    .filter((call) => actMatches(policy, graph, call))
    .sort((a, b) => a - b)
    .flatMap((call): readonly CallVerdict[] => {
      const name = { call, from: nameOf(graph, call).from, to: nameOf(graph, call).to };
      if (must.found.judged[call] === accepted) return [{ ...name, verdict: "always" }];
      return byVersion(name, { graph, may, must });
    });
  return { calls, tooManyStates: false };
}

/** What a context says of the mesh in one reading of versions. */
interface Reading {
  readonly machine: Automaton;
  readonly found: Walk;
}

function read(policy: Policy, graph: CallGraph, versions: VersionReading): Reading | undefined {
  const machine = automaton(policy.context, versions);
  const found = walk(graph, machine);
  return found && { machine, found };
}

/** The callee's proxy knows the version that it stands before (design §3). */
function byVersion(
  name: CallName & { readonly call: number },
  { graph, may, must }: { readonly graph: CallGraph; readonly may: Reading; readonly must: Reading },
): readonly CallVerdict[] {
  // What is not named is treated alike in all versions.
  if (!may.machine.named.has(name.to)) return [{ ...name, verdict: "sometimes" }];
  const all = versionsOf(graph, name.call);
  const before = (reading: Reading): readonly number[] => {
    const caller = graph.from[name.call] ?? -1;
    return caller < 0 ? [reading.machine.start] : reading.found.statesAt(caller);
  };
  const judged = all.map((version) => {
    const bits = (reading: Reading, states: readonly number[]): number =>
      states.reduce((sum, state) => {
        const { machine } = reading;
        const isAccepted = machine.accepts(machine.step(state, machine.symbol(name.to, version)));
        return sum | (isAccepted ? accepted : rejected);
      }, 0);
    if ((bits(may, before(may)) & accepted) === 0) return { version, verdict: "never" };
    return { version, verdict: (bits(must, before(must)) & rejected) === 0 ? "always" : "sometimes" };
  });
  if (all.length === 0 || judged.some((each) => each.verdict === "sometimes"))
    return [{ ...name, verdict: "sometimes" }];
  const versions = judged.filter((each) => each.verdict === "always").map(({ version }) => version);
  if (versions.length === 0) return [];
  return [
    versions.length === all.length
      ? { ...name, verdict: "always" }
      : { ...name, verdict: "sometimes", versions },
  ];
}

/**
 * A shortest path whose last call is `call` and which the policy's context matches, or does not; absent when there is none. A path of which
 * that is so whatever the versions of its services are comes before one of which it may be so.
 */
export function shortestWitness(
  policy: Policy,
  mesh: Mesh,
  call: CallName,
  matches: boolean,
): readonly string[] | undefined {
  const graph = callGraph(mesh);
  const wanted = graph.calls.findIndex(({ from, to }) => from === call.from && to === call.to);
  const isActual = actMatches(policy, graph, wanted);
  const readings: readonly VersionReading[] = matches ? ["must", "may"] : ["may", "must"];
  for (const reading of readings) {
    const machine = automaton(policy.context, reading);
    const path = shortestPath(
      graph,
      unversionedMachine(graph, machine),
      ({ call: at, state }) => at === wanted && (machine.accepts(state) && isActual) === matches,
      leadingTo(graph, [wanted]),
    );
    if (path !== undefined && path !== "unknown") return path;
  }
  return undefined;
}

/** A string that names a call; service names have no `>`. */
export function keyOf(call: CallName): string {
  return `${call.from ?? ""}>${call.to}`;
}

function nameOf(graph: CallGraph, call: number): CallName {
  const name = graph.calls[call];
  assert(name !== undefined, "calls are numbered by the graph");
  return name;
}

/** None for a store: connections are not told apart by version. */
function versionsOf(graph: CallGraph, call: number): readonly string[] {
  const { to } = nameOf(graph, call);
  return isTcp(graph, call) ? [] : [...(graph.mesh.services.get(to)?.versions.keys() ?? [])];
}

/** Without versions both readings are one. */
function hasVersions(expression: Expression): boolean {
  switch (expression.kind) {
    case "service":
      return expression.version !== undefined;
    case "any":
      return expression.except.some(({ version }) => version !== undefined);
    case "set":
      return expression.names.some(({ version }) => version !== undefined);
    case "sequence":
      return expression.items.some(hasVersions);
    case "choice":
      return expression.options.some(hasVersions);
    case "repeat":
      return hasVersions(expression.item);
    default:
      return expression satisfies never;
  }
}

function isTcp(graph: CallGraph, call: number): boolean {
  return graph.isTcp[graph.to[call] ?? 0] === 1;
}

/** The declared act says which calls a policy can match: a TCP connection is no request. */
export function actMatches(policy: Policy, graph: CallGraph, call: number): boolean {
  return policy.act === "Connection" || !isTcp(graph, call);
}
