/** What came of some seconds at a rate. */
export interface Trial {
  readonly rate: number;
  readonly isSustained: boolean;
}

/** At least so many requests are answered, and all but one in a hundred within so long after they were due. */
export const sustained = { answeredMin: 0.99, p99MsMax: 500 };

const first = 10;
/** The highest rate that is sustained is known when the lowest that is not is no more than so many times as high. */
const closeness = 1.2;
const rateMax = 10_000;

/**
 * The rate to try next: twice the last one, until one is not sustained, then the geometric mean of both ends. What is not sustained is tried once more
 * before it counts, since what a machine does for half a second would decide at which rates hours are measured. Undefined: it is known.
 */
export function nextTrial(trials: readonly Trial[]): number | undefined {
  const doubted = trials.find(({ rate }) => trialsAt(trials, rate) === "failed once");
  if (doubted !== undefined) return doubted.rate;
  const high = leastNotSustained(trials);
  const low = capacityOf(trials);
  if (high === Number.POSITIVE_INFINITY) {
    const next = low === undefined ? first : low * 2;
    return next > rateMax ? undefined : next;
  }
  if (low === undefined) return high <= 1 ? undefined : Math.max(1, Math.floor(high / 2));
  const next = Math.round(Math.sqrt(low * high));
  return high / low <= closeness || next <= low || next >= high ? undefined : next;
}

/** The highest rate below all that were not sustained; undefined where there is none. */
export function capacityOf(trials: readonly Trial[]): number | undefined {
  const high = leastNotSustained(trials);
  const rates = trials.flatMap(({ rate, isSustained }) => (isSustained && rate < high ? [rate] : []));
  return rates.length === 0 ? undefined : Math.max(...rates);
}

function leastNotSustained(trials: readonly Trial[]): number {
  const rates = trials.map(({ rate }) => rate).filter((rate) => trialsAt(trials, rate) === "failed");
  return Math.min(Number.POSITIVE_INFINITY, ...rates);
}

function trialsAt(trials: readonly Trial[], wanted: number): "passed" | "failed once" | "failed" {
  const own = trials.filter(({ rate }) => rate === wanted);
  if (own.some(({ isSustained }) => isSustained)) return "passed";
  return own.length === 1 ? "failed once" : "failed";
}
