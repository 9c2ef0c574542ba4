import { at0, type Network } from "./network.ts";
import type { Program } from "./program.ts";
import { createRows } from "./rows.ts";

/** An answer of the solver: how much of each column, and what each row is worth. */
export interface RelaxedAnswer {
  readonly columns: Float64Array;
  readonly duals: Float64Array;
}

/** What a network in which values may be mixed says about it. */
export interface Hint {
  /** For each link what to move from its table to the values of its variables, so that the cheapest ones together cost as much as the mixture. */
  readonly messages: readonly { readonly toA: Float64Array; readonly toB: Float64Array }[];
  /** How much of each value is taken, at `variable * width + value`. */
  readonly shares: Float64Array;
}

/** Costs are given to the solver in this part of the largest one, which is a size that its tolerances are made for. */
const largest = 10_000;

/** The linear relaxation of a network: one column for each value and each pair of values of a link; what is on one side of a link is on the other. */
export function relaxationOf(network: Network): {
  readonly program: Program;
  read(answer: RelaxedAnswer): Hint;
} {
  const { width, size, unary, links } = network;
  const column = new Int32Array(size * width).fill(-1);
  const cost: number[] = [];
  const isPossible = (each: number): boolean => each !== Number.POSITIVE_INFINITY;
  for (let at = 0; at < size * width; at++)
    if (isPossible(at0(unary.cost, at))) column[at] = cost.push(at0(unary.cost, at)) - 1;
  const values = Array.from({ length: width }, (_, value) => value);
  const rows = createRows();
  for (let variable = 0; variable < size; variable++)
    rows.add(
      1,
      1,
      values.map((value) => at0(column, variable * width + value)).filter((each) => each >= 0),
    );
  const rowsOfLinks = links.map(({ a, b, table }) => {
    const pairs = new Int32Array(width * width).fill(-1);
    for (const i of values)
      for (const j of values) {
        const at = i * width + j;
        if (at0(column, a * width + i) < 0 || at0(column, b * width + j) < 0) continue;
        if (isPossible(at0(table.cost, at))) pairs[at] = cost.push(at0(table.cost, at)) - 1;
      }
    const rowOf = (variable: number, at: (other: number) => number): number =>
      variable < 0
        ? -1
        : rows.add(
            0,
            0,
            values.map((other) => at0(pairs, at(other))).filter((each) => each >= 0),
            [variable],
          );
    return {
      toA: values.map((i) => rowOf(at0(column, a * width + i), (j) => i * width + j)),
      toB: values.map((j) => rowOf(at0(column, b * width + j), (i) => i * width + j)),
    };
  });
  const unit = cost.reduce((most, each) => Math.max(most, Math.abs(each)), 1) / largest;
  return {
    program: {
      columns: cost.length,
      whole: 0,
      cost: Float64Array.from(cost, (each) => each / unit),
      moves: new Float64Array(cost.length),
      rows: rows.result(),
    },
    read({ columns, duals }) {
      const worth = (numbers: readonly number[]): Float64Array =>
        Float64Array.from(numbers, (row) => (row < 0 ? 0 : at0(duals, row) * unit));
      return {
        messages: rowsOfLinks.map(({ toA, toB }) => ({ toA: worth(toA), toB: worth(toB) })),
        shares: Float64Array.from(column, (each) => (each < 0 ? 0 : at0(columns, each))),
      };
    },
  };
}
