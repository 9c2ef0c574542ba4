import type { Dfa } from "./determinize.ts";

/**
 * A regular expression as a table that a loop over bytes follows. All numbers are little-endian:
 *
 *      0  u16       the state to start in
 *      2  u16       the first accepting state: they come last
 *      4  u16       how many classes of bytes there are
 *      6  u16       how many bytes a state's number takes below: 1 or 2
 *      8  u8[256]   the class of each byte
 *    264  states × classes numbers of states; state 0 leads only to itself and accepts nothing
 *
 * `matches` of the SDK's `actions/text.ts` reads the same.
 */
export interface Automaton {
  readonly kind: "automaton";
  readonly states: number;
  readonly classes: number;
  readonly table: Uint8Array;
}

const MAP = 8;
const ROWS = 264;

/** How large the table of an automaton is, in bytes. */
export function tableSize(states: number, classes: number): number {
  return ROWS + states * classes * widthOf(states);
}

/** Write a minimal automaton, numbered as `minimize` does it, down as a table. */
export function serialize({ start, columnOf, columns, next, accepting }: Dfa): Automaton {
  const states = accepting.length;
  const table = new Uint8Array(tableSize(states, columns));
  const view = new DataView(table.buffer);
  const firstAccepting = accepting.indexOf(true);
  view.setUint16(0, start, true);
  view.setUint16(2, firstAccepting < 0 ? states : firstAccepting, true);
  view.setUint16(4, columns, true);
  view.setUint16(6, widthOf(states), true);
  table.set(columnOf, MAP);
  if (widthOf(states) === 1) table.set(next, ROWS);
  else
    next.forEach((state, at) => {
      view.setUint16(ROWS + 2 * at, state, true);
    });
  return { kind: "automaton", states, classes: columns, table };
}

/** An automaton to step through. */
export interface AutomatonReader {
  readonly start: number;
  step(state: number, byte: number): number;
  accepts(state: number): boolean;
  /** Bytes of one class lead from every state to the same one. */
  classOf(byte: number): number;
}

export function readAutomaton({ table }: Automaton): AutomatonReader {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const firstAccepting = view.getUint16(2, true);
  const classes = view.getUint16(4, true);
  const isWide = view.getUint16(6, true) === 2;
  const classOf = (byte: number): number => view.getUint8(MAP + byte);
  return {
    start: view.getUint16(0, true),
    step: (state, byte) => {
      const at = state * classes + classOf(byte);
      return isWide ? view.getUint16(ROWS + 2 * at, true) : view.getUint8(ROWS + at);
    },
    accepts: (state) => state >= firstAccepting,
    classOf,
  };
}

/** Whether the whole text matches, in one step per byte. */
export function matchesAutomaton(automaton: Automaton, text: Uint8Array): boolean {
  const { start, step, accepts } = readAutomaton(automaton);
  return accepts(text.reduce(step, start));
}

function widthOf(states: number): 1 | 2 {
  return states <= 256 ? 1 : 2;
}
