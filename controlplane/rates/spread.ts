/** So many requests were counted in this time, by one replica of a proxy to one cluster. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  readonly requests: number;
}

/** How much there was, as far as somebody counted. */
export interface Load {
  readonly perSecond: number;
  /** In how many seconds somebody counted: less than was asked for where a proxy came later, or was not heard for a time. */
  readonly seconds: number;
  readonly requests: number;
}

/**
 * Requests a second within a time. Each span is taken as even, and those at one time are of replicas, or of the chains of filters before and
 * after a change: they are added up. A time of which nobody tells is left out, and is not taken for one without requests. Undefined where
 * nobody tells of any of it.
 */
export function spread(
  spans: readonly Span[],
  within: { readonly fromMs: number; readonly toMs: number },
): Load | undefined {
  let requests = 0;
  let coveredMs = 0;
  let reachedMs = Number.NEGATIVE_INFINITY;
  for (const span of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const [fromMs, toMs] = [Math.max(span.fromMs, within.fromMs), Math.min(span.toMs, within.toMs)];
    if (fromMs >= toMs) continue;
    requests += (span.requests * (toMs - fromMs)) / (span.toMs - span.fromMs);
    coveredMs += Math.max(0, toMs - Math.max(fromMs, reachedMs));
    reachedMs = Math.max(reachedMs, toMs);
  }
  if (coveredMs === 0) return undefined;
  return { perSecond: requests / (coveredMs / 1_000), seconds: coveredMs / 1_000, requests };
}
