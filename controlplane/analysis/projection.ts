import type { CallGraph } from "./call-graph.ts";
import type { ContextMachine } from "./path-machine.ts";
import { type Letter, leadingTo, pairsMax, type Step } from "./shortest-path.ts";

/** Where proxies ask of requests whether their paths match: they tell these calls from all others, and not from each other. */
export interface Point {
  readonly calls: readonly number[];
  /** Whether the version of the callee is known: the proxy in front of it asks. */
  readonly knowsVersion: boolean;
}

/** A context, and where it is asked at run time. */
export interface Question {
  readonly machine: ContextMachine;
  readonly points: readonly Point[];
}

/** A service of a path, by its number, as it was met: `reviews`, or `reviews@v2`. */
export interface Stop {
  readonly service: number;
  readonly name: string;
}

/** Two paths that look alike to the proxies that stamp, and of which the context matches one. */
export interface Lookalikes {
  readonly kind: "lookalikes";
  /** The number of the point where both end. */
  readonly point: number;
  readonly matching: readonly Stop[];
  readonly other: readonly Stop[];
}

/**
 * What stamps say of paths: the subset automaton of all that a path can have come to when its last stamp was made. It reads the names of stops,
 * and only those of services that stamp.
 */
export interface Projection {
  readonly kind: "projection";
  /** By the name of the stop where a path begins. */
  readonly starts: ReadonlyMap<string, number>;
  readonly next: readonly ReadonlyMap<string, number>[];
  /** By state: whether paths that end at a point match, by `answerKey`. A point that no path in this state ends at has none. */
  readonly answers: readonly ReadonlyMap<string, boolean>[];
}

/** Steps that are looked at before nobody waits any longer. */
const stepsMax = 4_000_000;

/**
 * What the stamps of some services say of the paths that a question is about, or two paths that they should tell apart and do not. Services where paths
 * begin stamp in any case (design §5).
 */
export function project(
  graph: CallGraph,
  { machine, points }: Question,
  stamps: ReadonlySet<number>,
): Projection | Lookalikes | { readonly kind: "tooManyStates" } {
  const { outgoing } = graph;
  const asked = new Map<number, number[]>();
  for (const [number, { calls }] of points.entries())
    for (const call of calls) asked.set(call, [...(asked.get(call) ?? []), number]);
  const leads = leadingTo(graph, asked.keys());

  const numbers = new Map<string, number>();
  const states: (readonly Step[])[] = [];
  const numberOf = (members: readonly Step[]): number => {
    const key = `${members[0]?.service} ${members.map(({ state }) => state).sort((a, b) => a - b)}`;
    const number = numbers.get(key) ?? states.length;
    if (number === states.length) states.push(members);
    numbers.set(key, number);
    return number;
  };

  const starts = new Map<string, number>();
  for (const service of graph.starts) {
    if (leads[service] === 0) continue;
    for (const letter of machine.letters(service))
      starts.set(letter.name, numberOf([{ service, letter, state: machine.step(machine.start, letter) }]));
  }
  const next: ReadonlyMap<string, number>[] = [];
  const answers: ReadonlyMap<string, boolean>[] = [];
  let steps = 0;
  for (const members of states) {
    /** By answer: the first path that has it. */
    const found = new Map<string, { readonly matches: boolean; readonly end: Step }>();
    const stamped = new Map<string, Map<number, Step>>();
    const queue = [...members];
    const met = new Set(queue.map(pairOf));
    for (const before of queue) {
      if (++steps > stepsMax || states.length > pairsMax) return { kind: "tooManyStates" };
      for (
        let at = outgoing.first[before.service] ?? 0;
        at < (outgoing.first[before.service + 1] ?? 0);
        at++
      ) {
        const callee = outgoing.ends[at] ?? 0;
        const here = asked.get(outgoing.calls[at] ?? 0) ?? [];
        if (here.length === 0 && leads[callee] === 0) continue;
        for (const letter of machine.letters(callee)) {
          const longer: Step = { service: callee, letter, state: machine.step(before.state, letter), before };
          for (const number of here) {
            const matches = machine.accepts(longer.state);
            const key = answerKey(number, points[number], letter);
            const known = found.get(key);
            if (known === undefined) found.set(key, { matches, end: longer });
            else if (known.matches !== matches)
              return {
                kind: "lookalikes",
                point: number,
                matching: stopsOf(matches ? longer : known.end),
                other: stopsOf(matches ? known.end : longer),
              };
          }
          if (leads[callee] === 0) continue;
          if (stamps.has(callee) || graph.before[callee] === -1) {
            const same = stamped.get(letter.name) ?? new Map<number, Step>();
            stamped.set(letter.name, same);
            if (!same.has(longer.state)) same.set(longer.state, longer);
          } else if (!met.has(pairOf(longer))) {
            met.add(pairOf(longer));
            queue.push(longer);
          }
        }
      }
    }
    next.push(new Map([...stamped].map(([name, same]) => [name, numberOf([...same.values()])])));
    answers.push(new Map([...found].map(([key, { matches }]) => [key, matches])));
  }
  return { kind: "projection", starts, next, answers };

  function pairOf({ service, state }: Step): number {
    return state * graph.services.length + service;
  }
}

/** What an answer is known by: its point, and the version that the proxy stands in front of. */
export function answerKey(number: number, point: Point | undefined, letter: Letter): string {
  return point?.knowsVersion === true ? `${number} ${letter.name}` : `${number}`;
}

function stopsOf(last: Step): readonly Stop[] {
  const stops: Stop[] = [];
  for (let step: Step | undefined = last; step !== undefined; step = step.before)
    stops.push({ service: step.service, name: step.letter.name });
  return stops.reverse();
}
