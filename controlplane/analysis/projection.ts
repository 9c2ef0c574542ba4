import type { CallGraph } from "./call-graph.ts";
import type { ContextMachine } from "./path-machine.ts";
import { type Letter, leadingTo, pairsMax } from "./shortest-path.ts";

/** Where proxies ask of requests whether their paths match: they tell these calls from all others, and not from each other. */
export interface Point {
  readonly calls: readonly number[];
  /** Whether the version of the callee is known: the proxy in front of it asks. */
  readonly knowsVersion: boolean;
  /** Whether it is asked behind the stamp of the callee, where that stamps. Default: before it. */
  readonly isBehindStamp?: boolean;
  /** By call, the one version of its callee that all of its requests go to, where a route decides it. */
  readonly routed?: ReadonlyMap<number, string>;
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
const stepsMax = 20_000_000;

/** Steps that may be taken, of which those are taken away that were. */
export interface Budget {
  steps: number;
}

/** A place in a walk: a service with a state of the context's automaton, and how it was come to. */
interface Trail {
  readonly service: number;
  readonly name: string;
  readonly state: number;
  readonly before?: Trail;
}

/**
 * What the stamps of some services say of the paths that a question is about, or for each point where they do not tell enough two paths
 * that show it. Services where paths begin stamp in any case (design §5).
 */
export function project(
  graph: CallGraph,
  { machine, points }: Question,
  stamps: ReadonlySet<number>,
  budget: Budget = { steps: stepsMax },
):
  | Projection
  | { readonly kind: "lookalikes"; readonly found: readonly Lookalikes[] }
  | { readonly kind: "tooManyStates" } {
  const { outgoing, services } = graph;
  const size = services.length;
  const asked = new Map<number, number[]>();
  for (const [number, { calls }] of points.entries())
    for (const call of calls) asked.set(call, [...(asked.get(call) ?? []), number]);
  const leads = leadingTo(graph, asked.keys());
  const isAsked = new Uint8Array(graph.calls.length);
  for (const call of asked.keys()) isAsked[call] = 1;
  const seen = new Uint8Array(size);
  for (const service of stamps) seen[service] = 1;
  for (const service of graph.starts) if (leads[service] === 1) seen[service] = 1;

  const numbers = new Map<string | number, number>();
  const states: State[] = [];
  const numberOf = (members: readonly Trail[], said: ReadonlyMap<string, boolean> = nothing): number => {
    const [first] = members;
    const key =
      members.length === 1 && said.size === 0
        ? pairOf(first?.service ?? 0, first?.state ?? 0)
        : `${first?.service} ${members.map(({ state }) => state).sort((a, b) => a - b)} ${[...said].sort().join()}`;
    const number = numbers.get(key) ?? states.length;
    if (number === states.length) states.push({ members, said });
    numbers.set(key, number);
    return number;
  };

  const starts = new Map<string, number>();
  for (const service of graph.starts) {
    if (leads[service] === 0) continue;
    for (const letter of machine.letters(service)) {
      const trail = { service, name: letter.name, state: machine.step(machine.start, letter) };
      starts.set(letter.name, numberOf([trail]));
    }
  }
  const next: ReadonlyMap<string, number>[] = [];
  const answers: ReadonlyMap<string, boolean>[] = [];
  const alike = new Map<number, Lookalikes>();
  /** By pair of state and service, the last of the states of the projection that it was met in, and one more. */
  const met: number[] = [];
  for (const [own, { members, said }] of states.entries()) {
    const found = new Map<string, Answer>();
    const stamped = new Map<string, Map<number, Trail>>();
    const queue = [...members];
    for (const before of queue) {
      const end = outgoing.first[before.service + 1] ?? 0;
      for (let at = outgoing.first[before.service] ?? 0; at < end; at++) {
        const callee = outgoing.ends[at] ?? 0;
        const call = outgoing.calls[at] ?? 0;
        if (isAsked[call] === 0 && leads[callee] === 0) continue;
        if (--budget.steps < 0 || states.length > pairsMax) return { kind: "tooManyStates" };
        for (const letter of machine.letters(callee)) {
          const state = machine.step(before.state, letter);
          let isAskedBehind = false;
          if (isAsked[call] === 1) {
            const trail: Trail = { service: callee, name: letter.name, state, before };
            for (const number of asked.get(call) ?? []) {
              const isBehind = seen[callee] === 1 && points[number]?.isBehindStamp === true;
              answer(number, { call, letter, trail, isBehind }, found);
              isAskedBehind ||= isBehind;
            }
            if (alike.size === points.length) return { kind: "lookalikes", found: [...alike.values()] };
          }
          if (leads[callee] === 0 && !isAskedBehind) continue;
          if (seen[callee] === 1) {
            const same = stamped.get(letter.name) ?? new Map<number, Trail>();
            stamped.set(letter.name, same);
            if (!same.has(state)) same.set(state, { service: callee, name: letter.name, state, before });
          } else if (met[pairOf(callee, state)] !== own + 1) {
            met[pairOf(callee, state)] = own + 1;
            queue.push({ service: callee, name: letter.name, state, before });
          }
        }
      }
    }
    const after = [...stamped].map(([name, same]) => {
      const there = [...found].flatMap(([key, { matches, behind }]) =>
        behind.has(name) ? [[key, matches] as const] : [],
      );
      return [name, numberOf([...same.values()], new Map(there))] as const;
    });
    next.push(new Map(after));
    const here = [...found].flatMap(([key, { matches, isHere }]) =>
      isHere ? [[key, matches] as const] : [],
    );
    answers.push(new Map([...said, ...here]));
  }
  return alike.size > 0
    ? { kind: "lookalikes", found: [...alike.values()] }
    : { kind: "projection", starts, next, answers };

  function pairOf(service: number, state: number): number {
    return state * size + service;
  }

  /** Say whether a path that ends at a point matches, or that another one looks like it and does not do the same. */
  function answer(number: number, { call, letter, trail, isBehind }: End, found: Map<string, Answer>): void {
    const version = points[number]?.routed?.get(call);
    if (version !== undefined && letter !== machine.letterOf(trail.service, version)) return;
    const matches = machine.accepts(trail.state);
    const key = answerKey(number, points[number], letter);
    const known = found.get(key) ?? { matches, end: trail, isHere: false, behind: new Set() };
    found.set(key, known);
    if (isBehind) known.behind.add(letter.name);
    else known.isHere = true;
    if (known.matches === matches || alike.has(number)) return;
    const paths = [stopsOf(trail), stopsOf(known.end)] as const;
    const [matching, other] = matches ? paths : [paths[1], paths[0]];
    alike.set(number, { point: number, matching, other });
  }
}

/** A state of the projection: where a path can have come to as it was stamped last, and what is answered there. */
interface State {
  readonly members: readonly Trail[];
  readonly said: ReadonlyMap<string, boolean>;
}

/** The end of a path, at a point. */
interface End {
  readonly call: number;
  readonly letter: Letter;
  readonly trail: Trail;
  readonly isBehind: boolean;
}

/** What a point has been answered so far, with the first path that was. */
interface Answer {
  readonly matches: boolean;
  readonly end: Trail;
  /** Whether it is asked in the state that is looked at, and behind which stops. */
  isHere: boolean;
  readonly behind: Set<string>;
}

const nothing: ReadonlyMap<string, boolean> = new Map();

/** What an answer is known by: its point, and the version that the proxy stands in front of. */
export function answerKey(number: number, point: Point | undefined, letter: Letter): string {
  return point?.knowsVersion === true ? `${number} ${letter.name}` : `${number}`;
}

function stopsOf(last: Trail): readonly Stop[] {
  const stops: Stop[] = [];
  for (let trail: Trail | undefined = last; trail !== undefined; trail = trail.before)
    stops.push({ service: trail.service, name: trail.name });
  return stops.reverse();
}
