import { type Automaton, readAutomaton } from "../regex/automaton.ts";
import { lower } from "./trial-value.ts";

/** A question about a text, asked byte by byte. */
export interface TextMachine {
  readonly start: number;
  step(state: number, byte: number): number;
  /** The answer, where the text ends in this state. */
  answer(state: number): number;
  /** Bytes of one class lead from every state to the same one. */
  classOf(byte: number): number;
}

/** What is asked of a text by comparing it with another: whether it is that text, whether it begins so, or on which side of it it is. */
export type Comparison = "equal" | "begins" | "order";

const [BEFORE, EQUAL, LONGER, BEHIND] = [0, 1, 2, 3] as const;

export function comparing(literal: string, comparison: Comparison): TextMachine {
  const size = literal.length;
  // As many states as bytes that agree, and then: longer, before it, and behind it.
  const [longer, before, behind] = [size + 1, size + 2, size + 3];
  const sink = comparison === "order" ? behind : before;
  const known = [...new Set(codes(literal))].sort((a, b) => a - b);
  return {
    start: 0,
    step: (state, byte) => {
      if (state > size) return state;
      if (state === size) return comparison === "equal" ? sink : longer;
      const wanted = literal.charCodeAt(state);
      if (byte === wanted) return state + 1;
      return byte < wanted ? before : sink;
    },
    answer: (state) => {
      const where =
        state === size
          ? EQUAL
          : state < size || state === before
            ? BEFORE
            : state === longer
              ? LONGER
              : BEHIND;
      if (comparison === "order") return where === LONGER ? BEHIND : where;
      return Number(where === EQUAL || (comparison === "begins" && where === LONGER));
    },
    // Between two of the known bytes all are alike.
    classOf: (byte) => 2 * known.filter((each) => each < byte).length + Number(known.includes(byte)),
  };
}

export function containing(literal: string): TextMachine {
  const machine = ending(literal);
  const { length: found } = literal;
  return { ...machine, step: (state, byte) => (state === found ? found : machine.step(state, byte)) };
}

export function ending(literal: string): TextMachine {
  const known = [...new Set(codes(literal))];
  const steps = new Map<number, number>();
  return {
    start: 0,
    step: (state, byte) => {
      const key = state * 256 + byte;
      const found = steps.get(key);
      if (found !== undefined) return found;
      const text = literal.slice(0, state) + String.fromCharCode(byte);
      let next = Math.min(text.length, literal.length);
      while (!literal.startsWith(text.slice(text.length - next))) next--;
      steps.set(key, next);
      return next;
    },
    answer: (state) => Number(state === literal.length),
    classOf: (byte) => known.indexOf(byte),
  };
}

export function matching(automaton: Automaton): TextMachine {
  const { start, step, accepts, classOf } = readAutomaton(automaton);
  return { start, step, answer: (state) => Number(accepts(state)), classOf };
}

/** How many bytes it has, as far as it can be told by comparing that with these numbers. */
export function measuring(sizes: readonly number[]): TextMachine {
  const most = Math.max(...sizes) + 1;
  return {
    start: 0,
    step: (state) => Math.min(state + 1, most),
    answer: (state) => 2 * sizes.filter((size) => size < state).length + Number(sizes.includes(state)),
    classOf: () => 0,
  };
}

/** The question about a text with this before and that behind it, in lower case first where that is so. */
export function around(
  machine: TextMachine,
  {
    before,
    behind,
    isLower,
  }: { readonly before: string; readonly behind: string; readonly isLower: boolean },
): TextMachine {
  const mapped = (byte: number): number => (isLower ? lower(String.fromCharCode(byte)).charCodeAt(0) : byte);
  const run = (from: number, text: string): number => codes(text).reduce(machine.step, from);
  return {
    start: run(machine.start, before),
    step: (state, byte) => machine.step(state, mapped(byte)),
    answer: (state) => machine.answer(run(state, behind)),
    classOf: (byte) => machine.classOf(mapped(byte)),
  };
}

export function codes(text: string): readonly number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}
