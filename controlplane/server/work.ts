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
  /** Takes back the slice that is to come; absent where none is. */
  let cancel: (() => void) | undefined;
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
    cancel = undefined;
    if (keys.size > 0) soon(0);
    else {
      notBeforeMs = performance.now() + tookMs;
      tookMs = 0;
    }
  }

  function soon(waitMs: number): void {
    if (waitMs > 1) {
      const timeout = setTimeout(slice, waitMs);
      cancel = () => clearTimeout(timeout);
    } else {
      const immediate = setImmediate(slice);
      cancel = () => clearImmediate(immediate);
    }
  }

  return {
    add: (key) => {
      keys.add(key);
      if (cancel === undefined) soon(notBeforeMs - performance.now());
    },
    delete: (key) => keys.delete(key),
    stop: () => {
      keys.clear();
      cancel?.();
    },
  };
}
