import { createTokenBucket } from "./token-bucket.ts";

/** Lets streams in, so many a second, those first whose clients have nothing yet. */
export interface Admission<Key> {
  readonly add: (key: Key, hasNothing: boolean) => void;
  readonly delete: (key: Key) => void;
  readonly waiting: () => number;
  readonly stop: () => void;
}

export function createAdmission<Key>(
  rate: { readonly perSecond: number; readonly burst: number },
  admit: (key: Key) => void,
): Admission<Key> {
  const bucket = createTokenBucket(rate);
  const queues: readonly [urgent: Set<Key>, others: Set<Key>] = [new Set(), new Set()];
  let timer: NodeJS.Timeout | undefined;

  function run(): void {
    timer = undefined;
    for (const queue of queues)
      for (const key of queue) {
        if (!bucket.take(performance.now())) {
          timer = setTimeout(run, bucket.waitMs(performance.now()));
          return;
        }
        queue.delete(key);
        admit(key);
      }
  }

  return {
    add: (key, hasNothing) => {
      queues[hasNothing ? 0 : 1].add(key);
      if (timer === undefined) run();
    },
    delete: (key) => {
      for (const queue of queues) queue.delete(key);
    },
    waiting: () => queues[0].size + queues[1].size,
    stop: () => {
      clearTimeout(timer);
      for (const queue of queues) queue.clear();
    },
  };
}
