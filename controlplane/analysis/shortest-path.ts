import type { Automaton } from "./automaton.ts";
import type { CallGraph } from "./call-graph.ts";

/** What reads paths service by service. */
export interface PathMachine {
  readonly start: number;
  step(state: number, service: number): number;
}

/** The end of a path: its last call, and what was read. */
export interface PathEnd {
  readonly call: number;
  readonly state: number;
}

/** An automaton that reads services of a mesh by their numbers. */
export function machineOn(graph: CallGraph, machine: Automaton): PathMachine {
  const symbols = graph.services.map((name) => machine.symbol(name));
  return { start: machine.start, step: (state, service) => machine.step(state, symbols[service] ?? 0) };
}

/** Pairs of service and state beyond which nobody waits for the answer. */
const pairsMax = 65_535;

/**
 * A shortest path, as the numbers of its services, whose end is wanted; absent when there is none, or none among as many pairs of service and
 * state as can be looked through. A connection is read as its two ends and as all of the way to it.
 */
export function shortestPath(
  graph: CallGraph,
  machine: PathMachine,
  isWanted: (end: PathEnd) => boolean,
): readonly number[] | undefined {
  const { outgoing, to, isTcp } = graph;
  const queue: Step[] = [];
  const met = new Set<number>();
  const enter = (step: Step): void => {
    const pair = step.state * graph.services.length + step.service;
    if (met.has(pair)) return;
    met.add(pair);
    queue.push(step);
  };
  for (const service of graph.starts) {
    const step = { service, state: machine.step(machine.start, service) };
    const call = graph.outside[service] ?? -1;
    if (call >= 0 && isWanted({ call, state: step.state })) return [service];
    enter(step);
  }
  for (const before of queue) {
    if (queue.length > pairsMax) return undefined;
    const { service } = before;
    for (let at = outgoing.first[service] ?? 0; at < (outgoing.first[service + 1] ?? 0); at++) {
      const call = outgoing.calls[at] ?? 0;
      const callee = to[call] ?? 0;
      const longer: Step = { service: callee, state: machine.step(before.state, callee), before };
      if (isTcp[callee] === 1) {
        const caller: Step = { service, state: machine.step(machine.start, service) };
        const both: Step = { service: callee, state: machine.step(caller.state, callee), before: caller };
        if (isWanted({ call, state: both.state })) return pathOf(both);
        if (isWanted({ call, state: longer.state })) return pathOf(longer);
        enter(both);
      } else {
        if (isWanted({ call, state: longer.state })) return pathOf(longer);
        enter(longer);
      }
    }
  }
  return undefined;
}

/** The last service of a path with what was read, and the way there. */
interface Step {
  readonly service: number;
  readonly state: number;
  readonly before?: Step;
}

function pathOf(last: Step): readonly number[] {
  const path: number[] = [];
  for (let step: Step | undefined = last; step !== undefined; step = step.before) path.push(step.service);
  return path.reverse();
}
