/** Values by percentile. */
export type Percentiles = Readonly<Record<number, number>>;

/**
 * The Kolmogorov–Smirnov distance of a sample to a distribution of which only some percentiles are known: how far the share of values up to
 * each of them is from where it should be. At a whole number the distribution jumps over the percentile, so that both ends of the jump count.
 * Of no values it is not a number.
 */
export function percentileDistance(values: readonly number[], percentiles: Percentiles): number {
  const share = (holds: (value: number) => boolean): number => values.filter(holds).length / values.length;
  return Math.max(
    ...Object.entries(percentiles).map(([percentile, value]) =>
      Math.max(
        Number(percentile) / 100 - share((each) => each <= value),
        share((each) => each < value) - Number(percentile) / 100,
        0,
      ),
    ),
  );
}
