import { createHistogram } from "node:perf_hooks";

/** Milliseconds. */
export interface Latency {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** The whole of it: a share of the requests, up to 1, and how long the slowest of these took. */
  readonly distribution: readonly (readonly [share: number, ms: number])[];
}

const usMax = 600_000_000;
/** Closer where the tail is. */
const shares: readonly number[] = [
  ...Array.from({ length: 19 }, (_, n) => (n + 1) / 20),
  ...[0.96, 0.97, 0.98, 0.99, 0.995, 0.999, 1],
];

/** How long requests took, by an HDR histogram of three significant digits; undefined where there were none. */
export function latencyOf(milliseconds: Iterable<number>): Latency | undefined {
  const histogram = createHistogram({ lowest: 1, highest: usMax, figures: 3 });
  for (const ms of milliseconds) histogram.record(Math.min(Math.max(Math.round(ms * 1000), 1), usMax));
  if (histogram.count === 0) return undefined;
  const at = (share: number): number => histogram.percentile(share * 100) / 1000;
  return {
    ...{
      mean: histogram.mean / 1000,
      p50: at(0.5),
      p90: at(0.9),
      p95: at(0.95),
      p99: at(0.99),
      p999: at(0.999),
    },
    max: histogram.max / 1000,
    distribution: shares.map((share) => [share, at(share)]),
  };
}
