/** Node takes more milliseconds for 1: 24.8 days, as good as never. */
export const timerMsMax: number = 2 ** 31 - 1;

/** Milliseconds that a timer can wait. */
export function timerMs(ms: number): number {
  return Math.min(ms, timerMsMax);
}
