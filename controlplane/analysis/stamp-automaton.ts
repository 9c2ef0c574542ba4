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
  /** For a projection, by state and `answerKey`: whether paths in this state match. */
  answersOf(projection: number): readonly ReadonlyMap<string, boolean>[];
}

/** What fits into two bytes. */
const statesMax = 65_535;

const nothingAsked = 0;

/** Undefined when it would have more states than a header is to hold. */
export function stampAutomaton(projections: readonly Projection[]): StampAutomaton | undefined {
  const parts = projections.map(minimal);
  const joined = joinedOf(parts);
  // Once more, so that the states of one part alone are numbered as those of several: in the order in which they are come to.
  const whole = joined && bothOf(joined, nobody);
  if (whole === undefined) return undefined;
  const { starts, next } = whole;
  return {
    states: next.length,
    starts,
    next,
    answersOf(projection) {
      const own = statesIn(whole, projection);
      const answers = parts[projection]?.answers ?? [];
      return own.map((state) => answers[state] ?? noAnswers);
    },
  };
}

/** Where the names of stops lead. State 0 asks nothing, and is where all others lead. */
interface Ways {
  readonly starts: ReadonlyMap<string, number>;
  readonly next: readonly ReadonlyMap<string, number>[];
}

/** Two that are read together; by state of both, those of each. */
interface Both extends Ways {
  readonly left: Joined;
  readonly right: Joined;
  readonly lefts: readonly number[];
  readonly rights: readonly number[];
  /** Of how many parts these are. */
  readonly size: number;
}

type Joined = Part | Both;

const noAnswers: ReadonlyMap<string, boolean> = new Map();
const nobody: Part = { starts: new Map(), next: [new Map()], answers: [noAnswers] };

/**
 * All of them, two by two, so that each of these is of parts that are as many: none has more states than all together have, and one that has too many is found
 * before the others are looked at.
 */
function joinedOf(parts: readonly Part[]): Joined | undefined {
  const [only] = parts;
  if (parts.length < 2) return only ?? nobody;
  const middle = parts.length >> 1;
  const left = joinedOf(parts.slice(0, middle));
  const right = left && joinedOf(parts.slice(middle));
  return left && right && bothOf(left, right);
}

/** The states that two can be in at once. */
function bothOf(left: Joined, right: Joined): Both | undefined {
  const [lefts, rights]: [number[], number[]] = [[], []];
  const numbers = new Map<number, number>();
  const numberOf = (one: number, other: number): number => {
    const key = one * right.next.length + other;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    const number = lefts.push(one) - 1;
    rights.push(other);
    numbers.set(key, number);
    return number;
  };
  numberOf(nothingAsked, nothingAsked);
  const named = (
    ones: ReadonlyMap<string, number> | undefined,
    others: ReadonlyMap<string, number> | undefined,
  ): ReadonlyMap<string, number> => {
    const stops = [...new Set([...(ones?.keys() ?? []), ...(others?.keys() ?? [])])].sort();
    return new Map(
      stops.map((stop) => [
        stop,
        numberOf(ones?.get(stop) ?? nothingAsked, others?.get(stop) ?? nothingAsked),
      ]),
    );
  };
  const starts = named(left.starts, right.starts);
  const next: ReadonlyMap<string, number>[] = [];
  for (const [state, one] of lefts.entries()) {
    if (lefts.length > statesMax) return undefined;
    next.push(named(left.next[one], right.next[rights[state] ?? nothingAsked]));
  }
  return { left, right, lefts, rights, starts, next, size: sizeOf(left) + sizeOf(right) };
}

function sizeOf(joined: Joined): number {
  return "size" in joined ? joined.size : 1;
}

/** By state of all, that of one part. */
function statesIn(all: Both, part: number): readonly number[] {
  let states: readonly number[] = all.lefts;
  let at: Joined = all.left;
  for (let number = part; "size" in at; ) {
    const size: number = sizeOf(at.left);
    const own: readonly number[] = number < size ? at.lefts : at.rights;
    states = states.map((state) => own[state] ?? nothingAsked);
    [at, number] = number < size ? [at.left, number] : [at.right, number - size];
  }
  return states;
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
  // State 0 counts in any case: what has no way leads there, also once nothing else is as good as that.
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
    count = new Set([nothingAsked, ...classes]).size;
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
