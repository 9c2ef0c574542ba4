import { setTimeout as sleep } from "node:timers/promises";

/** Which proxies are connected. */
export interface Presence {
  /** A stream has begun. */
  connected(node: string): void;
  /** A stream has ended. */
  disconnected(node: string): void;
  isConnected(node: string): boolean;
  /** Resolves when a stream begins or ends, or after a while, or at the signal. */
  changed(timeoutMs: number, signal: AbortSignal): Promise<void>;
}

export function createPresence(): Presence {
  const streams = new Map<string, number>();
  const waking = new Set<() => void>();

  function add(node: string, count: number): void {
    const now = Math.max(0, (streams.get(node) ?? 0) + count);
    if (now === 0) streams.delete(node);
    else streams.set(node, now);
    for (const wake of [...waking]) wake();
  }

  return {
    connected: (node) => add(node, 1),
    disconnected: (node) => add(node, -1),
    isConnected: (node) => streams.has(node),
    changed: async (timeoutMs, signal) => {
      if (signal.aborted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      waking.add(resolve);
      const over = new AbortController();
      const either = AbortSignal.any([signal, over.signal]);
      await Promise.race([
        promise,
        sleep(timeoutMs, undefined, { ref: false, signal: either }).catch(() => undefined),
      ]);
      over.abort();
      waking.delete(resolve);
    },
  };
}
