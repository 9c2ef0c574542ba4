import type { Program } from "./program.ts";

/** The rows of a program, as they are made: `least ≤ sum of plus − sum of minus ≤ most`, over numbers of columns. */
export interface Rows {
  /** Its number is that of the row. */
  add(least: number, most: number, plus: readonly number[], minus?: readonly number[]): number;
  result(): Program["rows"];
}

export function createRows(): Rows {
  const lower: number[] = [];
  const upper: number[] = [];
  const starts = [0];
  const indices: number[] = [];
  const values: number[] = [];
  return {
    add(least, most, plus, minus = []) {
      indices.push(...plus, ...minus);
      for (const _ of plus) values.push(1);
      for (const _ of minus) values.push(-1);
      starts.push(indices.length);
      upper.push(most);
      return lower.push(least) - 1;
    },
    result: () => ({
      lower: Float64Array.from(lower),
      upper: Float64Array.from(upper),
      starts: Int32Array.from(starts),
      indices: Int32Array.from(indices),
      values: Float64Array.from(values),
    }),
  };
}
