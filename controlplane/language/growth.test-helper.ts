/**
 * How many times as long something takes for four times as much: 4 where it takes the same for each, 16 where it looks at each beside each. The least of
 * several turns, one of each size after the other, since others run on the machine.
 */
export function growth(size: number, run: (size: number) => void): number {
  let [few, many] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let turn = 0; turn < 3; turn++) {
    few = Math.min(
      few,
      timeOf(() => run(size)),
    );
    many = Math.min(
      many,
      timeOf(() => run(4 * size)),
    );
  }
  return many / few;
}

/** In milliseconds. */
function timeOf(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}
