/** A number as people read it: a sum of many measurements has more places than anybody believes. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
