/** Something that is measured, by a path as its name: `npm run bench -- '^size/'`. */
export interface BenchCase {
  readonly name: string;
  /** What the figure must not be more than; absent where it is only to be compared. */
  readonly limit?: number;
  readonly unit: "ms" | "bytes" | "us" | "%" | "pages" | "KiB" | "throws" | "times";
  /** The figure. Timings are medians. */
  measure(): Promise<number>;
}

/** Several things that are measured together, because they say something only beside each other. */
export interface BenchTable {
  readonly name: string;
  /** Measure and print it; false when a target is not met. */
  print(): Promise<boolean>;
}

/** The middle one of some measurements; `prepare` is not in it. */
export async function medianMs(
  runs: number,
  run: (turn: number) => Promise<unknown> | unknown,
): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < runs; turn++) {
    const start = performance.now();
    await run(turn);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return times[times.length >> 1] ?? Number.NaN;
}
