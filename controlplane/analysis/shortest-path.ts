import type { CallGraph } from "./call-graph.ts";

/** What reads paths service by service; a letter is a service as it can be met, where that matters in one of its versions. */
export interface PathMachine {
  readonly start: number;
  letters(service: number): readonly Letter[];
  step(state: number, letter: Letter): number;
}

export interface Letter {
  /** `reviews`, or `reviews@v2`. */
  readonly name: string;
  /** What it is to each of the automata that read. */
  readonly symbols: readonly number[];
}

/** The end of a path: its last call, and what was read. */
export interface PathEnd {
  readonly call: number;
  readonly state: number;
  /** The services of the path. */
  readonly way: () => readonly string[];
}

/** Pairs of service and state beyond which nobody waits for the answer. */
export const pairsMax = 65_535;

/** A shortest path whose end is wanted; undefined when there is none, `unknown` when there are too many pairs of service and state to be looked through. */
export function shortestPath(
  graph: CallGraph,
  machine: PathMachine,
  isWanted: (end: PathEnd) => boolean,
  leads?: Uint8Array,
): readonly string[] | "unknown" | undefined {
  for (const end of pathEnds(graph, machine, leads)) {
    if (end === "unknown") return end;
    if (isWanted(end)) return end.way();
  }
  return undefined;
}

/** The services from which some of the calls can be reached, as ones: paths through others end with none of them. */
export function leadingTo(graph: CallGraph, calls: Iterable<number>): Uint8Array {
  const { first, ends } = graph.incoming;
  const leads = new Uint8Array(graph.services.length);
  const queue: number[] = [];
  const add = (service: number): void => {
    if (leads[service] === 1) return;
    leads[service] = 1;
    queue.push(service);
  };
  for (const call of calls) {
    const caller = graph.from[call] ?? -1;
    add(caller < 0 ? (graph.to[call] ?? 0) : caller);
  }
  for (const service of queue)
    for (let at = first[service] ?? 0; at < (first[service + 1] ?? 0); at++) add(ends[at] ?? 0);
  return leads;
}

/**
 * What paths end with, the shortest first, and at last `unknown` when there is more than can be looked through. Only services that
 * lead somewhere are gone on from, where these are given. A connection is read as its two ends and as all of the way to it. */
export function* pathEnds(
  graph: CallGraph,
  machine: PathMachine,
  leads?: Uint8Array,
): Generator<PathEnd | "unknown", void> {
  const { outgoing, isTcp } = graph;
  const queue: Step[] = [];
  const met = new Set<number>();
  const enter = (step: Step): void => {
    if (leads?.[step.service] === 0) return;
    const pair = step.state * graph.services.length + step.service;
    if (met.has(pair)) return;
    met.add(pair);
    queue.push(step);
  };
  const endWith = (call: number, step: Step): PathEnd => ({
    call,
    state: step.state,
    way: () => wayTo(step),
  });
  for (const service of graph.starts) {
    const call = graph.outside[service] ?? -1;
    for (const letter of machine.letters(service)) {
      const step = { service, letter, state: machine.step(machine.start, letter) };
      if (call >= 0) yield endWith(call, step);
      enter(step);
    }
  }
  // Over a connection a path begins anew with its two ends. However far away they are, such a path is short, so these come next.
  for (const call of graph.connections) {
    const [service = 0, callee = 0] = [graph.from[call], graph.to[call]];
    if (leads?.[service] === 0) continue;
    for (const first of machine.letters(service)) {
      const caller: Step = { service, letter: first, state: machine.step(machine.start, first) };
      for (const letter of machine.letters(callee)) {
        const both = { service: callee, letter, state: machine.step(caller.state, letter), before: caller };
        yield endWith(call, both);
        enter(both);
      }
    }
  }
  for (const before of queue) {
    if (queue.length > pairsMax) {
      yield "unknown";
      return;
    }
    const { service } = before;
    for (let at = outgoing.first[service] ?? 0; at < (outgoing.first[service + 1] ?? 0); at++) {
      const call = outgoing.calls[at] ?? 0;
      const callee = outgoing.ends[at] ?? 0;
      for (const letter of machine.letters(callee)) {
        const longer: Step = { service: callee, letter, state: machine.step(before.state, letter), before };
        if (isTcp[callee] !== 1) enter(longer);
        yield endWith(call, longer);
      }
    }
  }
}

/** The last service of a path with what was read, and the way there. */
export interface Step {
  readonly service: number;
  readonly letter: Letter;
  readonly state: number;
  readonly before?: Step;
}

/** The services of a path up to a step. */
export function wayTo(last: Step): readonly string[] {
  const path: string[] = [];
  for (let step: Step | undefined = last; step !== undefined; step = step.before) path.push(step.letter.name);
  return path.reverse();
}
