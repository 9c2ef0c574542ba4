import { createTokenBucket } from "./token-bucket.ts";

/** Work of which the latest for each key counts, in slices that leave room for what clients say meanwhile. */
export interface Work<Key> {
  /** To be done soon: at once when nothing has been done lately, or after as long as the last round took. */
  readonly add: (key: Key) => void;
  readonly delete: (key: Key) => void;
  readonly stop: () => void;
}

const sliceMs = 10;

/** Pushes of changes. Rounds that take long come less often, so that they take half of the time at most. */
export function createWork<Key>(run: (key: Key) => void): Work<Key> {
  const keys = new Set<Key>();
  let running: NodeJS.Immediate | NodeJS.Timeout | undefined;
  let notBeforeMs = 0;
  let tookMs = 0;

  function slice(): void {
    const startMs = performance.now();
    for (const key of keys) {
      keys.delete(key);
      run(key);
      if (performance.now() - startMs > sliceMs) break;
    }
    tookMs += performance.now() - startMs;
    running = undefined;
    if (keys.size > 0) running = setImmediate(slice);
    else {
      notBeforeMs = performance.now() + tookMs;
      tookMs = 0;
    }
  }

  return {
    add: (key) => {
      keys.add(key);
      if (running !== undefined) return;
      const waitMs = notBeforeMs - performance.now();
      running = waitMs > 1 ? setTimeout(slice, waitMs) : setImmediate(slice);
    },
    delete: (key) => keys.delete(key),
    stop: () => {
      keys.clear();
      clearImmediate(running as NodeJS.Immediate);
      clearTimeout(running as NodeJS.Timeout);
    },
  };
}

/** Lets streams in, so many a second, those first whose clients have nothing yet. */
export interface Admission<Key> {
  readonly add: (key: Key, hasNothing: boolean) => void;
  readonly delete: (key: Key) => void;
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
    stop: () => {
      clearTimeout(timer);
      for (const queue of queues) queue.clear();
    },
  };
}
