import { timerMs } from "./timer.ts";

/** How one stands with what it is waited for. */
export type Standing<Stop> = "done" | "pending" | { readonly stop: Stop };

export type Gathered<Key, Stop> =
  | { readonly kind: "done" }
  /** One of them will not come to it. */
  | { readonly kind: "stopped"; readonly stop: Stop }
  | { readonly kind: "timeout"; readonly pending: readonly Key[] };

/** Waits until each of many is done. Whenever something happens to one it is looked at, and the others are not. */
export interface Gatherings<Key> {
  changed(key: Key): void;
  all<Stop>(
    keys: readonly Key[],
    standing: (key: Key) => Standing<Stop>,
    timeoutMs: number,
  ): Promise<Gathered<Key, Stop>>;
}

export function createGatherings<Key>(): Gatherings<Key> {
  const looking = new Map<Key, Set<(key: Key) => void>>();
  return {
    changed: (key) => {
      for (const look of [...(looking.get(key) ?? [])]) look(key);
    },
    all: (keys, standing, timeoutMs) =>
      new Promise((resolve) => {
        const pending = new Set(keys);
        let over = false;
        const finish = (gathered: Parameters<typeof resolve>[0]): void => {
          over = true;
          clearTimeout(timer);
          for (const key of keys) {
            const looks = looking.get(key);
            looks?.delete(look);
            if (looks?.size === 0) looking.delete(key);
          }
          resolve(gathered);
        };
        const look = (key: Key): void => {
          if (over) return;
          const now = standing(key);
          // One that was done may have begun anew.
          if (now === "done") pending.delete(key);
          else pending.add(key);
          if (typeof now === "object") finish({ kind: "stopped", stop: now.stop });
          else if (pending.size === 0) finish({ kind: "done" });
        };
        const timer = setTimeout(
          () => finish({ kind: "timeout", pending: [...pending] }),
          timerMs(timeoutMs),
        );
        for (const key of keys) looking.set(key, (looking.get(key) ?? new Set()).add(look));
        if (keys.length === 0) finish({ kind: "done" });
        for (const key of keys) look(key);
      }),
  };
}
