import { createHash } from "node:crypto";

/** A value that others follow: each follower gets the latest one, never a queue, and says when it is in force there. */
export interface Feed<Value> {
  readonly latest: Revision<Value> | undefined;
  /** False when the value is what it was. */
  publish(value: Value): boolean;
  /** Calls back with the latest value at once, where there is one, and then at each change. */
  follow(follower: (revision: Revision<Value>) => void): Follower;
  /** Resolves when every follower has acknowledged the latest value; rejects after the time limit, naming how many have not. */
  acknowledged(timeoutMs: number): Promise<void>;
}

export interface Revision<Value> {
  /** Hash of the value: equal after a restart. */
  readonly revision: string;
  readonly value: Value;
}

export interface Follower {
  acknowledge(revision: string): void;
  stop(): void;
}

export function createFeed<Value>(): Feed<Value> {
  let latest: Revision<Value> | undefined;
  const followers = new Map<
    symbol,
    { readonly call: (revision: Revision<Value>) => void; acknowledged: string }
  >();
  let waiters: (() => void)[] = [];

  const pending = (): number =>
    [...followers.values()].filter((f) => f.acknowledged !== latest?.revision).length;
  const wake = (): void => {
    const woken = waiters;
    waiters = [];
    for (const waiter of woken) waiter();
  };

  return {
    get latest() {
      return latest;
    },
    publish(value) {
      const revision = createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
      if (revision === latest?.revision) return false;
      latest = { revision, value };
      for (const follower of followers.values()) follower.call(latest);
      return true;
    },
    follow(call) {
      const id = Symbol("follower");
      const follower = { call, acknowledged: "" };
      followers.set(id, follower);
      if (latest !== undefined) call(latest);
      return {
        acknowledge(revision) {
          follower.acknowledged = revision;
          wake();
        },
        stop() {
          followers.delete(id);
          wake();
        },
      };
    },
    async acknowledged(timeoutMs) {
      const deadline = performance.now() + timeoutMs;
      while (pending() > 0) {
        const left = deadline - performance.now();
        if (left <= 0)
          throw new Error(`${pending()} of ${followers.size} followers have not taken the new value`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left);
          waiters.push(() => {
            clearTimeout(timer);
            resolve();
          });
        });
      }
    },
  };
}
