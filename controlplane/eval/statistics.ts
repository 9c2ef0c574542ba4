/** A figure of several rounds: the median, and between which two of them the true one is. */
export interface Estimate {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** How sure that is, up to 1: of a median of so few no more can be said. 0 for one round. */
  readonly confidence: number;
  readonly rounds: number;
}

const wanted = 0.95;

/**
 * The median of some figures with its confidence interval, whatever they are distributed like: between the smallest pair of order statistics that is
 * at least 95 % sure to hold it, or the widest where none is. Undefined for no figures.
 */
export function estimate(figures: readonly number[]): Estimate | undefined {
  const sorted = figures.toSorted((a, b) => a - b);
  const rounds = sorted.length;
  const [low, high] = [sorted[0], sorted.at(-1)];
  if (low === undefined || high === undefined) return undefined;
  const median = ((sorted[(rounds - 1) >> 1] ?? low) + (sorted[rounds >> 1] ?? high)) / 2;
  // From the innermost pair outwards.
  for (let at = (rounds - 1) >> 1; at >= 0; at--) {
    const confidence = covers(rounds, at);
    const pair = { low: sorted[at] ?? low, high: sorted[rounds - 1 - at] ?? high };
    if (confidence >= wanted || at === 0) return { median, ...pair, confidence, rounds };
  }
  return undefined;
}

/** How likely the true median is between the order statistics `at` from below and `at` from above: each figure is below it by a toss of a coin. */
function covers(rounds: number, at: number): number {
  let outside = 0;
  for (let below = 0; below <= at; below++) outside += choose(rounds, below) / 2 ** rounds;
  return Math.max(0, 1 - 2 * outside);
}

function choose(n: number, k: number): number {
  let product = 1;
  for (let each = 0; each < k; each++) product = (product * (n - each)) / (each + 1);
  return product;
}

/** Whether two may be the same: their intervals meet. */
export function overlap(a: Estimate, b: Estimate): boolean {
  return a.low <= b.high && b.low <= a.high;
}
