import type { Projection } from "./projection.ts";

/**
 * What a stamp writes and reads: the minimal automaton of several projections together. It reads the names of stops of services that stamp. In
 * state 0 nothing more is asked of a path.
 */
export interface StampAutomaton {
  readonly states: number;
  /** By the name of the stop where a path begins. */
  readonly starts: ReadonlyMap<string, number>;
  /** By state and the name of the next stop; where there is none, the next state is 0. */
  readonly next: readonly ReadonlyMap<string, number>[];
  /** By projection, state and `answerKey`: whether paths in this state match. */
  readonly answers: readonly (readonly ReadonlyMap<string, boolean>[])[];
}

/** What fits into two bytes. */
const statesMax = 65_535;

const nothingAsked = 0;

/** Undefined when it would have more states than a header is to hold. */
export function stampAutomaton(projections: readonly Projection[]): StampAutomaton | undefined {
  const parts = projections.map(minimal);
  const tuples: (readonly number[])[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (tuple: readonly number[]): number => {
    const key = tuple.join();
    const number = numbers.get(key) ?? tuples.length;
    if (number === tuples.length) tuples.push(tuple);
    numbers.set(key, number);
    return number;
  };
  numberOf(parts.map(() => nothingAsked));
  const named = (maps: readonly (ReadonlyMap<string, number> | undefined)[]): ReadonlyMap<string, number> => {
    const stops = [...new Set(maps.flatMap((map) => [...(map?.keys() ?? [])]))].sort();
    return new Map(stops.map((stop) => [stop, numberOf(maps.map((map) => map?.get(stop) ?? nothingAsked))]));
  };
  const starts = named(parts.map((part) => part.starts));
  const next: ReadonlyMap<string, number>[] = [];
  for (const tuple of tuples) {
    if (tuples.length > statesMax) return undefined;
    next.push(named(tuple.map((state, part) => parts[part]?.next[state])));
  }
  return {
    states: tuples.length,
    starts,
    next,
    answers: parts.map(({ answers }, part) => tuples.map((tuple) => answers[tuple[part] ?? 0] ?? new Map())),
  };
}

type Part = Pick<Projection, "starts" | "next" | "answers">;

/** The states that answer alike whatever follows, as one (Moore 1956). Those that answer nothing any more are state 0. */
function minimal({ starts, next, answers }: Part): Part {
  const signatures = (text: (state: number) => string): readonly number[] => {
    const known = new Map<string, number>([["", nothingAsked]]);
    return next.map((_, state) => {
      const signature = text(state);
      const number = known.get(signature) ?? known.size;
      known.set(signature, number);
      return number;
    });
  };
  const own = answers.map((each) =>
    [...each]
      .map(([key, matches]) => `${key}=${matches}`)
      .sort()
      .join(),
  );
  let classes = signatures((state) => own[state] ?? "");
  for (let before = 0, count = 1; count !== before; ) {
    before = count;
    const last = classes;
    classes = signatures((state) => {
      const ways = [...(next[state] ?? [])]
        .flatMap(([stop, to]) => (last[to] === nothingAsked ? [] : [`${stop}>${last[to]}`]))
        .sort()
        .join();
      return ways === "" ? (own[state] ?? "") : `${own[state]};${ways}`;
    });
    count = new Set(classes).size;
  }
  const renamed = (map: ReadonlyMap<string, number>): ReadonlyMap<string, number> =>
    new Map(
      [...map].flatMap(([stop, state]) => {
        const to = classes[state] ?? nothingAsked;
        return to === nothingAsked ? [] : [[stop, to]];
      }),
    );
  const size = Math.max(nothingAsked, ...classes) + 1;
  const first = Array.from({ length: size }, (_, number) => classes.indexOf(number));
  return {
    starts: renamed(starts),
    next: first.map((state) => renamed(next[state] ?? new Map())),
    answers: first.map((state) => answers[state] ?? new Map()),
  };
}
