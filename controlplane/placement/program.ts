import { at0, type Network } from "./network.ts";
import { createRows } from "./rows.ts";

/** A mixed-integer program, as the solver takes it: rows of `lower ≤ matrix · columns ≤ upper`. Every column is between 0 and 1. */
export interface Program {
  readonly columns: number;
  /** The first so many are whole numbers; the others are so by themselves. */
  readonly whole: number;
  readonly cost: Float64Array;
  /** A second objective, among all that cost the least. */
  readonly moves: Float64Array;
  readonly rows: {
    readonly lower: Float64Array;
    readonly upper: Float64Array;
    /** Compressed by rows. */
    readonly starts: Int32Array;
    readonly indices: Int32Array;
    readonly values: Float64Array;
  };
}

/** A network as a program, and how its answer is read. */
export interface NetworkProgram {
  readonly program: Program;
  /** The value of each variable, by the columns of the answer. */
  read(columns: Float64Array): Int32Array;
  /** The columns of an assignment. */
  write(values: Int32Array): Float64Array;
}

/**
 * One column for each variable and value, of which one is 1; for each pair of values that cost something together another one; and a row
 * for each set of values that only some values of a neighbour go with.
 */
export function programOf(network: Network): NetworkProgram {
  const { width, size, unary, links } = network;
  const column = new Int32Array(size * width).fill(-1);
  const cost: number[] = [];
  const moves: number[] = [];
  const rows = createRows();
  const valuesOf = (variable: number): readonly number[] =>
    Array.from({ length: width }, (_, value) => value).filter((value) => columnOf(variable, value) >= 0);
  const columnOf = (variable: number, value: number): number => at0(column, variable * width + value);

  for (let at = 0; at < size * width; at++) {
    if (at0(unary.cost, at) === Number.POSITIVE_INFINITY) continue;
    column[at] = cost.length;
    cost.push(at0(unary.cost, at));
    moves.push(at0(unary.moves, at));
  }
  const whole = cost.length;
  for (let variable = 0; variable < size; variable++)
    rows.add(
      1,
      1,
      valuesOf(variable).map((value) => columnOf(variable, value)),
    );

  /** Columns of pairs, by link and entry. */
  const pairs: { readonly link: number; readonly at: number; readonly column: number }[] = [];
  for (const [number, { a, b, table }] of links.entries()) {
    const [ofA, ofB] = [valuesOf(a), valuesOf(b)];
    const isPossible = (i: number, j: number): boolean =>
      at0(table.cost, i * width + j) !== Number.POSITIVE_INFINITY;
    const isFree = ofA.every((i) =>
      ofB.every(
        (j) =>
          !isPossible(i, j) ||
          (at0(table.cost, i * width + j) === 0 && at0(table.moves, i * width + j) === 0),
      ),
    );
    if (isFree) {
      cover(
        ofA.map((i) => ({
          column: columnOf(a, i),
          needs: ofB.filter((j) => isPossible(i, j)).map((j) => columnOf(b, j)),
        })),
        ofB.length,
      );
      if (ofA.length > 2 || ofB.length > 2)
        cover(
          ofB.map((j) => ({
            column: columnOf(b, j),
            needs: ofA.filter((i) => isPossible(i, j)).map((i) => columnOf(a, i)),
          })),
          ofA.length,
        );
      continue;
    }
    const ofPair = new Map<number, number>();
    for (const i of ofA) {
      for (const j of ofB) {
        const at = i * width + j;
        if (!isPossible(i, j)) continue;
        ofPair.set(at, cost.length);
        pairs.push({ link: number, at, column: cost.length });
        cost.push(at0(table.cost, at));
        moves.push(at0(table.moves, at));
      }
    }
    const both = (list: readonly (readonly [number, number])[]): readonly number[] =>
      list.flatMap(([i, j]) => ofPair.get(i * width + j) ?? []);
    for (const i of ofA) rows.add(0, 0, both(ofB.map((j) => [i, j] as const)), [columnOf(a, i)]);
    for (const j of ofB) rows.add(0, 0, both(ofA.map((i) => [i, j] as const)), [columnOf(b, j)]);
  }

  /** Whoever needs no more than a set of columns needs one of it: of several such, only one is 1. One of all of them is 1 in any case. */
  function cover(
    values: readonly { readonly column: number; readonly needs: readonly number[] }[],
    all: number,
  ): void {
    const sets = new Map(values.map(({ needs }) => [needs.join(), new Set(needs)]));
    for (const set of sets.values()) {
      if (set.size === all) continue;
      const within = values.filter(({ needs }) => needs.every((each) => set.has(each)));
      rows.add(
        Number.NEGATIVE_INFINITY,
        0,
        within.map((value) => value.column),
        [...set],
      );
    }
  }

  return {
    program: {
      columns: cost.length,
      whole,
      cost: Float64Array.from(cost),
      moves: Float64Array.from(moves),
      rows: rows.result(),
    },
    read: (columns) =>
      Int32Array.from({ length: size }, (_, variable) => {
        const value = valuesOf(variable).find((each) => at0(columns, columnOf(variable, each)) > 0.5);
        if (value === undefined) throw new Error(`the solver left variable ${variable} without a value`);
        return value;
      }),
    write(values) {
      const columns = new Float64Array(cost.length);
      for (const [variable, value] of values.entries()) columns[columnOf(variable, value)] = 1;
      for (const { link, at, column: pair } of pairs) {
        const { a, b } = links[link] ?? { a: 0, b: 0 };
        if (at === at0(values, a) * width + at0(values, b)) columns[pair] = 1;
      }
      return columns;
    },
  };
}
