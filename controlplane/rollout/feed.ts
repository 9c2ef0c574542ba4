import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { WireError } from "../error/wire-error.ts";

/**
 * A value that others follow: each follower gets the latest one, never a queue. A follower with a name is waited for: it says when a
 * value is in force there. One without a name only watches.
 */
export interface Feed<Value> {
  readonly latest: Revision<Value> | undefined;
  /** Names of the followers that are waited for. */
  readonly followers: readonly string[];
  /** False when the value is what it was. */
  publish(value: Value): boolean;
  /** Calls back with the latest value at once, where there is one, and then at each change. */
  follow(follower: (revision: Revision<Value>) => void, name?: string): { stop(): void };
  /** The named follower has this revision in force. False when nobody of that name is known. */
  acknowledge(name: string, revision: string): boolean;
  /** Wait for these followers too, as they were known to a process before this one. */
  expect(names: readonly string[]): void;
  /**
   * Resolves when every follower with a name has acknowledged the latest value; rejects after the time limit, naming those who have
   * not. One whose connection is lost is waited for until it has been away for `awayMsMax`: then it is gone.
   */
  acknowledged(timeoutMs: number): Promise<void>;
}

export interface Revision<Value> {
  /** Another one at each change, also where that goes back to what was there before. */
  readonly revision: string;
  readonly value: Value;
}

/** A process that restarts is back much sooner; one that does not come back calls nobody any more. */
const awayMsMax = 10_000;

interface Named {
  acknowledged: string;
  /** Connections that it has now; a new one may come before the old one is known to be lost. */
  connections: number;
  forget: NodeJS.Timeout | undefined;
}

export function createFeed<Value>(options: { readonly awayMsMax?: number } = {}): Feed<Value> {
  let latest: Revision<Value> | undefined;
  let published = 0;
  const calls = new Set<(revision: Revision<Value>) => void>();
  const named = new Map<string, Named>();
  const waiters = new Set<() => void>();

  const wake = (): void => {
    for (const waiter of [...waiters]) waiter();
  };
  const pending = (): readonly string[] =>
    [...named].filter(([, { acknowledged }]) => acknowledged !== latest?.revision).map(([name]) => name);

  function known(name: string): Named {
    const found = named.get(name) ?? { acknowledged: "", connections: 0, forget: undefined };
    named.set(name, found);
    return found;
  }

  function away(name: string): void {
    const follower = known(name);
    clearTimeout(follower.forget);
    follower.forget = setTimeout(() => {
      named.delete(name);
      wake();
    }, options.awayMsMax ?? awayMsMax).unref();
  }

  return {
    get latest() {
      return latest;
    },
    get followers() {
      return [...named.keys()].sort();
    },
    publish(value) {
      if (latest !== undefined && isDeepStrictEqual(value, latest.value)) return false;
      // What comes back after something else has not been acknowledged by who had it before.
      const revision = createHash("sha256")
        .update(JSON.stringify([published++, value]))
        .digest("hex")
        .slice(0, 16);
      latest = { revision, value };
      for (const call of calls) call(latest);
      return true;
    },
    follow(call, name) {
      calls.add(call);
      const follower = name === undefined ? undefined : known(name);
      if (follower !== undefined) {
        follower.connections++;
        clearTimeout(follower.forget);
      }
      let stopped = false;
      if (latest !== undefined) call(latest);
      return {
        stop() {
          if (stopped) return;
          stopped = true;
          calls.delete(call);
          if (follower !== undefined && --follower.connections === 0 && name !== undefined) away(name);
        },
      };
    },
    acknowledge(name, revision) {
      const follower = named.get(name);
      if (follower === undefined) return false;
      follower.acknowledged = revision;
      wake();
      return true;
    },
    expect(names) {
      for (const name of names) if (known(name).connections === 0) away(name);
    },
    acknowledged(timeoutMs) {
      return new Promise((resolve, reject) => {
        const check = (): void => {
          if (pending().length === 0) finish(resolve);
        };
        const timer = setTimeout(() => {
          const who = pending().join(", ");
          finish(() =>
            reject(new WireError("rollout", `no answer within ${timeoutMs / 1000} s from ${who}`)),
          );
        }, timeoutMs);
        const finish = (end: () => void): void => {
          clearTimeout(timer);
          waiters.delete(check);
          end();
        };
        waiters.add(check);
        check();
      });
    },
  };
}
