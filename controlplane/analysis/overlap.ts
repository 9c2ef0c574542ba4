import type { Policy } from "../language/policy.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { type CallName, callGraph } from "./call-graph.ts";
import { jointMachine } from "./path-machine.ts";
import { type Prospects, prospects } from "./prospects.ts";
import { pairsMax, type Step, wayTo } from "./shortest-path.ts";

/** Requests of one call that two policies match. */
export interface Meeting {
  readonly call: CallName;
  /** A shortest path of such a request; a service with its version where that decides. */
  readonly path: readonly string[];
}

/**
 * The calls on which some request is matched by both policies, those of shorter paths first, each when it is asked for. The search goes first where
 * neither policy can be matched earlier, and never where one of them no longer can.
 */
export function* overlap(p: Policy, q: Policy, mesh: Mesh): Generator<Meeting, void> {
  const graph = callGraph(mesh);
  const both = [prospects(p, mesh), prospects(q, mesh)] as const;
  const machine = jointMachine(
    graph,
    both.map((each) => each.machine),
  );
  const found = new Set<number>();
  const meetingAt = (call: number, step: Step): readonly Meeting[] => {
    const name = graph.calls[call];
    if (name === undefined || found.has(call) || both.some(({ matched }) => matched[call] !== 1)) return [];
    if (machine.accepts(step.state).includes(false)) return [];
    found.add(call);
    return [{ call: name, path: wayTo(step) }];
  };
  /** By how long a path to a call that both match has to be at least. */
  const waiting: Reached[][] = [];
  const met = new Set<number>();
  const pairOf = ({ state, service }: Step): number => state * graph.services.length + service;
  const enter = (step: Step, length: number): void => {
    if (met.has(pairOf(step))) return;
    const states = machine.parts(step.state);
    let most = 0;
    for (const [at, { callsLeft }] of both.entries()) {
      const left = callsLeft(step.service, states[at] ?? 0);
      if (left === 0) return;
      most = Math.max(most, left);
    }
    waiting[length + most] ??= [];
    waiting[length + most]?.push({ step, length });
  };
  for (const service of fewer(both, "starts")) {
    for (const letter of machine.letters(service)) {
      const step: Step = { service, letter, state: machine.step(machine.start, letter) };
      yield* meetingAt(graph.outside[service] ?? -1, step);
      enter(step, 1);
    }
  }
  // Over a connection a path begins anew with its two ends.
  for (const call of fewer(both, "connections")) {
    const [from = 0, to = 0] = [graph.from[call], graph.to[call]];
    for (const first of machine.letters(from)) {
      const before: Step = { service: from, letter: first, state: machine.step(machine.start, first) };
      for (const letter of machine.letters(to)) {
        const step = { service: to, letter, state: machine.step(before.state, letter), before };
        yield* meetingAt(call, step);
        enter(step, 2);
      }
    }
  }
  const { outgoing, isTcp } = graph;
  // What is entered belongs to a length that has not been passed: with one call more, at most one call less is left.
  for (let sum = 0; sum < waiting.length; sum++) {
    for (const { step: before, length } of waiting[sum] ?? []) {
      if (met.has(pairOf(before))) continue;
      met.add(pairOf(before));
      // What is left unseen are longer paths.
      if (met.size > pairsMax) return;
      const end = outgoing.first[before.service + 1] ?? 0;
      for (let at = outgoing.first[before.service] ?? 0; at < end; at++) {
        const callee = outgoing.ends[at] ?? 0;
        for (const letter of machine.letters(callee)) {
          const step: Step = { service: callee, letter, state: machine.step(before.state, letter), before };
          yield* meetingAt(outgoing.calls[at] ?? 0, step);
          if (isTcp[callee] !== 1) enter(step, length + 1);
        }
      }
    }
  }
}

interface Reached {
  readonly step: Step;
  /** How many services the path has. */
  readonly length: number;
}

/** Where paths begin that both can match is among what each says. */
function fewer([p, q]: readonly [Prospects, Prospects], what: "starts" | "connections"): readonly number[] {
  return p[what].length <= q[what].length ? p[what] : q[what];
}
