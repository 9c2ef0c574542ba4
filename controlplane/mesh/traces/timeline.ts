/** When something was observed, in milliseconds, in as little memory whatever there was. */
export interface Timeline {
  /** Something was there from the one time to the other. */
  add(first: number, last: number): void;
  result(): Time;
}

export interface Time {
  /** From the first to the last thing. */
  readonly seconds: number;
  /** Of these seconds, those of gaps much longer than most. */
  readonly idleSeconds: number;
}

/** Stretches of time that are kept apart. Where there are more, those are joined that are nearest to each other. */
const stretchesMax = 256;
/** A gap so many times as long as the usual one is none between two requests. */
const unusual = 20;

interface Stretch {
  first: number;
  last: number;
}

export function createTimeline(): Timeline {
  /** Apart from each other, in order. */
  const stretches: Stretch[] = [];

  /** The number of the first stretch that does not end before. */
  function place(ms: number): number {
    let [low, high] = [0, stretches.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((stretches[middle]?.last ?? 0) < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function gapBehind(at: number): number {
    return (stretches[at + 1]?.first ?? Number.POSITIVE_INFINITY) - (stretches[at]?.last ?? 0);
  }

  function joinNearest(): void {
    let nearest = 0;
    for (let at = 1; at < stretches.length - 1; at++) if (gapBehind(at) < gapBehind(nearest)) nearest = at;
    const [one, next] = [stretches[nearest], stretches[nearest + 1]];
    if (one === undefined || next === undefined) return;
    one.last = next.last;
    stretches.splice(nearest + 1, 1);
  }

  return {
    add(first, last) {
      if (last < first) return;
      const from = place(first);
      let to = from;
      let joined: Stretch = { first, last };
      for (let next = stretches[to]; next !== undefined && next.first <= last; next = stretches[++to])
        joined = { first: Math.min(joined.first, next.first), last: Math.max(joined.last, next.last) };
      stretches.splice(from, to - from, joined);
      if (stretches.length > stretchesMax) joinNearest();
    },
    result() {
      const gaps = stretches.slice(1).map((_, at) => gapBehind(at));
      // Of one gap there is none that is usual: it is one where less was observed than not.
      const usual =
        gaps.length > 1
          ? (gaps.toSorted((a, b) => a - b)[Math.floor((gaps.length - 1) / 2)] ?? 0)
          : stretches.reduce((sum, stretch) => sum + stretch.last - stretch.first, 0) / unusual;
      const idle = gaps.filter((gap) => gap > unusual * usual).reduce((sum, gap) => sum + gap, 0);
      const [first, last] = [stretches[0]?.first ?? 0, stretches.at(-1)?.last ?? 0];
      return { seconds: (last - first) / 1000, idleSeconds: idle / 1000 };
    },
  };
}
