/** So many at once, and so many a second from then on. */
export interface TokenBucket {
  /** Take one, or so many; false where there are not as many left. */
  readonly take: (nowMs: number, wanted?: number) => boolean;
  /** How long until there is one, in milliseconds. */
  readonly waitMs: (nowMs: number) => number;
}

export function createTokenBucket({
  perSecond,
  burst,
}: {
  readonly perSecond: number;
  readonly burst: number;
}): TokenBucket {
  let tokens = burst;
  let filledMs: number | undefined;
  const fill = (nowMs: number): void => {
    tokens = Math.min(burst, tokens + ((nowMs - (filledMs ?? nowMs)) / 1000) * perSecond);
    filledMs = nowMs;
  };
  return {
    take: (nowMs, wanted = 1) => {
      fill(nowMs);
      if (tokens < wanted) return false;
      tokens -= wanted;
      return true;
    },
    waitMs: (nowMs) => {
      fill(nowMs);
      return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) / perSecond) * 1000);
    },
  };
}
