/** So many are remembered. */
const keysMax = 1_000;

/** Whether something has not happened for a while: true at most once in `ms` for each key, so that what is tried again and again is told of now and then. */
export function onceIn(ms: number, nowMs: () => number): (key: string) => boolean {
  const saidMs = new Map<string, number>();
  return (key) => {
    const now = nowMs();
    if (now - (saidMs.get(key) ?? Number.NEGATIVE_INFINITY) < ms) return false;
    // The oldest is the first.
    saidMs.delete(key);
    saidMs.set(key, now);
    const [oldest] = saidMs.keys();
    if (saidMs.size > keysMax && oldest !== undefined) saidMs.delete(oldest);
    return true;
  };
}
