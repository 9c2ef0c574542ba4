import { readdirSync, readFileSync } from "node:fs";
import { type Row, sideBySide } from "./side-by-side.ts";

export interface MeasureOptions {
  /** In each, all rows have their turn, in another order. */
  readonly rounds: number;
  readonly requestsPerTurn: number;
  /** Requests under way at once. */
  readonly inFlight: number;
  /** Ends it between two turns, with the reason as error. */
  readonly signal?: AbortSignal;
}

/**
 * What a request costs through each row: CPU of the whole Envoy process, its one worker and the threads of its engine, in microseconds, one
 * figure a round.
 */
export async function measureCpu(
  rows: readonly Row[],
  { rounds, requestsPerTurn, inFlight, signal }: MeasureOptions,
): Promise<readonly (readonly number[])[]> {
  await using envoy = await sideBySide(rows);
  const ask = (row: number): Promise<void> => {
    signal?.throwIfAborted();
    return envoy.ask({ row, requests: requestsPerTurn, inFlight });
  };
  // The first turns are those in which connections open and everything is met for the first time.
  for (let turn = 0; turn < 3; turn++) for (const row of rows.keys()) await ask(row);
  const figures = rows.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const row of shuffled(rows.length, round)) {
      const before = cpuNanoseconds(envoy.pid);
      await ask(row);
      figures[row]?.push((cpuNanoseconds(envoy.pid) - before) / requestsPerTurn / 1000);
    }
  }
  return figures;
}

/** Time on a CPU of all threads; the first of the three numbers is in nanoseconds. */
export function cpuNanoseconds(pid: number): number {
  return readdirSync(`/proc/${pid}/task`)
    .map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]))
    .reduce((sum, each) => sum + each, 0);
}

/** Another order each round, and the same ones each time. */
function shuffled(size: number, round: number): readonly number[] {
  let state = (round + 1) * 2_654_435_761;
  const order = Array.from({ length: size }, (_, n) => n);
  for (let n = size - 1; n > 0; n--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = state % (n + 1);
    [order[n], order[other]] = [order[other] ?? 0, order[n] ?? 0];
  }
  return order;
}

/** The middle one of some figures. */
export function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[figures.length >> 1] ?? Number.NaN;
}

/** Round by round, so that what the machine did meanwhile is in neither. */
export function differences(
  figures: readonly number[] = [],
  base: readonly number[] = [],
): readonly number[] {
  return figures.map((figure, round) => figure - (base[round] ?? Number.NaN));
}
