/** A small seeded generator (mulberry32): one seed gives the same numbers on every machine, so that a run can be repeated. */
export interface Random {
  /** From 0 up to but without 1. */
  next(): number;
  /** A whole number from 0 up to but without `limit`. */
  below(limit: number): number;
  pick<Value>(values: readonly Value[]): Value;
  /** As many different ones, in the order in which they are drawn; all of them where there are not so many. */
  sample<Value>(values: readonly Value[], count: number): readonly Value[];
  /** From the standard normal distribution. */
  normal(): number;
}

export function random(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    pick(values) {
      const value = values[below(values.length)];
      if (value === undefined) throw new Error("there is nothing to pick from");
      return value;
    },
    sample(values, count) {
      // Only the places that were drawn from are kept apart: a few of many do not cost as much as all.
      const moved = new Map<number, number>();
      return Array.from({ length: Math.min(count, values.length) }, (_, at) => {
        const drawn = at + below(values.length - at);
        const index = moved.get(drawn) ?? drawn;
        moved.set(drawn, moved.get(at) ?? at);
        return values[index] as (typeof values)[number];
      });
    },
    // Box and Muller's; the logarithm of zero is none.
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  };
}
