/** What is due at some time; `cancel` before that and it never is. */
export interface Timer {
  cancel(): void;
}

/**
 * The clock and the event loop of an Envoy, both virtual: what comes later comes once all that goes on now has ended, and what is due at
 * a time comes when `advance` reaches it. So a test runs the same each time.
 */
export interface EventLoop {
  /** In nanoseconds since 1970. */
  readonly now: bigint;
  later(run: () => void): void;
  /** While a module runs, nothing else does. */
  hold<T>(run: () => T): T;
  after(nanoseconds: bigint, run: () => void): Timer;
  /** Do all that comes later. Nothing happens when it is being done already. */
  settle(): void;
  /** Let the clock go on, with all that is due meanwhile in its order; or back, with nothing. */
  advance(nanoseconds: bigint): void;
}

/** A filter that asks again on each answer would never come to an end where answers take no time. */
const roundsMax = 50_000;

interface Due {
  readonly at: bigint;
  readonly run: () => void;
}

export function createEventLoop(start: bigint): EventLoop {
  let now = start;
  let isSettling = false;
  let held = 0;
  const queue: (() => void)[] = [];
  let due: readonly Due[] = [];
  const settle = (): void => {
    if (isSettling || held > 0) return;
    isSettling = true;
    try {
      let rounds = 0;
      for (let run = queue.shift(); run !== undefined; run = queue.shift()) {
        if (++rounds > roundsMax) {
          queue.length = 0;
          throw new Error(
            `${roundsMax} answers and the like have come, each after the one before, and no time has passed: a filter that asks again on each answer never ends; give the answers by hand (\`host.fetches\`)`,
          );
        }
        run();
      }
    } finally {
      isSettling = false;
    }
  };
  return {
    get now() {
      return now;
    },
    later: (run) => void queue.push(run),
    hold(run) {
      held++;
      try {
        return run();
      } finally {
        held--;
      }
    },
    after(nanoseconds, run) {
      const one = { at: now + nanoseconds, run };
      due = [...due, one].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
      return {
        cancel() {
          due = due.filter((each) => each !== one);
        },
      };
    },
    settle,
    advance(nanoseconds) {
      const end = now + nanoseconds;
      settle();
      for (let first = due[0]; first !== undefined && first.at <= end; first = due[0]) {
        due = due.slice(1);
        if (first.at > now) now = first.at;
        first.run();
        settle();
      }
      now = end;
    },
  };
}
