import { setTimeout as sleep } from "node:timers/promises";

/** Which proxies are connected. */
export interface Presence {
  /** A stream has begun. */
  connected(node: string): void;
  /** A stream has ended. */
  disconnected(node: string): void;
  isConnected(node: string): boolean;
  /** Nobody is to wait for the node until it connects again; one that is connected is waited for all the same. */
  forceLeave(node: string): void;
  hasLeft(node: string): boolean;
  /** Those that have left, sorted. */
  left(): readonly string[];
  /** There are these nodes alone: of the others, should there be one again, it is waited for. */
  keep(nodes: ReadonlySet<string>): void;
  /** Resolves when a stream begins or ends, a node is made to leave, or after a while, or at the signal. */
  changed(timeoutMs: number, signal: AbortSignal): Promise<void>;
}

export function createPresence(): Presence {
  const streams = new Map<string, number>();
  const left = new Set<string>();
  const waking = new Set<() => void>();

  function add(node: string, count: number): void {
    const now = Math.max(0, (streams.get(node) ?? 0) + count);
    if (now === 0) streams.delete(node);
    else streams.set(node, now);
    wakeAll();
  }

  function wakeAll(): void {
    for (const wake of [...waking]) wake();
  }

  return {
    connected: (node) => {
      left.delete(node);
      add(node, 1);
    },
    disconnected: (node) => add(node, -1),
    isConnected: (node) => streams.has(node),
    forceLeave: (node) => {
      if (streams.has(node)) return;
      left.add(node);
      wakeAll();
    },
    hasLeft: (node) => left.has(node),
    left: () => [...left].sort(),
    keep: (nodes) => {
      for (const node of left) if (!nodes.has(node)) left.delete(node);
    },
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
