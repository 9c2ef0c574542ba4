import type { Policy } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { type Automaton, automaton } from "./automaton.ts";
import { type CallGraph, callGraph } from "./call-graph.ts";
import { verdicts } from "./verdicts.ts";

/** Where paths that a policy can match go, so that a search looks nowhere else. */
export interface Prospects {
  /** Reads a service whose version is unknown as any of its versions. */
  readonly machine: Automaton;
  /** By call: 1 where the policy may match it. */
  readonly matched: Uint8Array;
  /** The services at which such a path begins. */
  readonly starts: readonly number[];
  /** The calls over connections with which such a path begins. */
  readonly connections: readonly number[];
  /** How many calls further a path at a service, read up to a state, can be matched at the earliest; 0 when it never can. */
  callsLeft(service: number, state: number): number;
}

const known = new WeakMap<Mesh, WeakMap<Policy, Prospects>>();

/** The prospects of a policy, which are worked out when they are first asked for. */
export function prospects(policy: Policy, mesh: Mesh): Prospects {
  const ofMesh = known.get(mesh) ?? new WeakMap<Policy, Prospects>();
  known.set(mesh, ofMesh);
  const found = ofMesh.get(policy) ?? build(policy, mesh);
  ofMesh.set(policy, found);
  return found;
}

/** With more states, and there are hardly any such contexts, nothing is worked out, and a search goes everywhere. */
const statesMax = 256;
/** What is further away is taken to be as far as this. */
const callsLeftMax = 255;

function build(policy: Policy, mesh: Mesh): Prospects {
  const graph = callGraph(mesh);
  const machine = automaton(policy.context, "may");
  const matched = new Uint8Array(graph.calls.length);
  for (const { call } of verdicts(policy, mesh).calls) matched[call] = 1;
  const symbolsAt = symbolsBy(graph, machine);
  const sources = sourcesOf(machine, new Set([0, ...symbolsAt.named.values()].flat()));
  if (sources === undefined) {
    const { starts, connections } = graph;
    return { machine, matched, starts, connections, callsLeft: () => 1 };
  }
  const left = leftBy(graph, { machine, matched, sources, symbolsAt: symbolsAt.of });
  const size = graph.services.length;
  const callsLeft = (service: number, state: number): number => left[state * size + service] ?? 0;
  const isWithProspects = (call: number, service: number, states: readonly number[]): boolean =>
    matched[call] === 1 || states.some((state) => callsLeft(service, state) > 0);
  const after = (states: readonly number[], service: number): readonly number[] =>
    states.flatMap((state) => symbolsAt.of(service).map((symbol) => machine.step(state, symbol)));
  const afterOther = [machine.step(machine.start, 0)];
  const afterOthers = [machine.step(machine.step(machine.start, 0), 0)];
  // Most services are not named, and there are many of them.
  const isNamed = (service: number): boolean => symbolsAt.named.has(service);
  return {
    machine,
    matched,
    starts: graph.starts.filter((service) =>
      isWithProspects(
        graph.outside[service] ?? -1,
        service,
        isNamed(service) ? after([machine.start], service) : afterOther,
      ),
    ),
    connections: graph.connections.filter((call) => {
      const [from = 0, to = 0] = [graph.from[call], graph.to[call]];
      const states = isNamed(from) || isNamed(to) ? after(after([machine.start], from), to) : afterOthers;
      return isWithProspects(call, to, states);
    }),
    callsLeft,
  };
}

/** By service, all that it is to the automaton, in whatever version it is met. */
function symbolsBy(
  graph: CallGraph,
  machine: Automaton,
): { readonly named: ReadonlyMap<number, readonly number[]>; of(service: number): readonly number[] } {
  const other = [0];
  const named = new Map<number, readonly number[]>();
  for (const name of machine.named) {
    const service = graph.numbers.get(name);
    if (service === undefined) continue;
    const versions = [...(graph.mesh.services.get(name)?.versions.keys() ?? [])];
    named.set(service, [
      ...new Set([machine.symbol(name), ...versions.map((version) => machine.symbol(name, version))]),
    ]);
  }
  return { named, of: (service) => named.get(service) ?? other };
}

/** By symbol and state, the states from which the symbol leads to it; undefined when there are too many states. */
function sourcesOf(
  machine: Automaton,
  symbols: Iterable<number>,
): readonly (readonly (readonly number[])[])[] | undefined {
  const sources: number[][][] = [];
  const all = new Set([machine.start]);
  for (const state of all) {
    if (all.size > statesMax) return undefined;
    for (const symbol of symbols) {
      const next = machine.step(state, symbol);
      all.add(next);
      sources[symbol] ??= [];
      sources[symbol][next] ??= [];
      sources[symbol][next].push(state);
    }
  }
  return sources;
}

/** From the calls that are matched backwards. */
function leftBy(
  graph: CallGraph,
  {
    machine,
    matched,
    sources,
    symbolsAt,
  }: {
    readonly machine: Automaton;
    readonly matched: Uint8Array;
    readonly sources: readonly (readonly (readonly number[])[])[];
    symbolsAt(service: number): readonly number[];
  },
): Uint8Array {
  const size = graph.services.length;
  const states = sources.reduce((most, each) => Math.max(most, each.length), machine.start + 1);
  const left = new Uint8Array(states * size);
  const queue: number[] = [];
  const reach = (service: number, state: number, calls: number): void => {
    const pair = state * size + service;
    if (left[pair] !== 0) return;
    left[pair] = Math.min(calls, callsLeftMax);
    queue.push(pair);
  };
  for (let call = 0; call < matched.length; call++) {
    const caller = graph.from[call] ?? -1;
    if (matched[call] === 0 || caller < 0) continue;
    for (const symbol of symbolsAt(graph.to[call] ?? 0))
      for (const [next, from] of (sources[symbol] ?? []).entries())
        if (from !== undefined && machine.accepts(next)) for (const state of from) reach(caller, state, 1);
  }
  const { first, ends } = graph.incoming;
  for (const pair of queue) {
    const service = pair % size;
    const calls = (left[pair] ?? 0) + 1;
    // Beyond a connection a path goes on only from its two ends.
    if (graph.isTcp[service] === 1) continue;
    for (const symbol of symbolsAt(service))
      for (const state of sources[symbol]?.[(pair - service) / size] ?? [])
        for (let at = first[service] ?? 0; at < (first[service + 1] ?? 0); at++)
          reach(ends[at] ?? 0, state, calls);
  }
  return left;
}
