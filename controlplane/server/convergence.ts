/** How long clients take from a change to having acknowledged all of it. */
export interface Convergence<Key> {
  /** It has something new to take. One that has not done with the last change goes on from there. */
  readonly begin: (key: Key) => void;
  readonly end: (key: Key) => void;
  /** It refuses the change or has left: nothing is said of it. */
  readonly leave: (key: Key) => void;
}

export interface Converged {
  /** What it was that a client, or the last of all, has acknowledged. */
  readonly of: "node" | "all";
  readonly ms: number;
}

export function createConvergence<Key>(
  tell: (converged: Converged) => void,
  nowMs: () => number,
): Convergence<Key> {
  const begunMs = new Map<Key, number>();
  /** When the first of those began that were on their way together. */
  let firstMs = 0;
  return {
    begin: (key) => {
      if (begunMs.has(key)) return;
      const ms = nowMs();
      if (begunMs.size === 0) firstMs = ms;
      begunMs.set(key, ms);
    },
    end: (key) => {
      const beginMs = begunMs.get(key);
      if (beginMs === undefined) return;
      begunMs.delete(key);
      const ms = nowMs();
      tell({ of: "node", ms: ms - beginMs });
      if (begunMs.size === 0) tell({ of: "all", ms: ms - firstMs });
    },
    leave: (key) => begunMs.delete(key),
  };
}
