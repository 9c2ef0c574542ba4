/** What became of a piece of work: done, or dropped or cut short for a newer one. */
export type Turn = "done" | "replaced";

/**
 * Runs one piece of work at a time. While one runs the newest waits and older ones that wait are dropped; the running one is told by
 * its signal that it may stop where that is safe.
 */
export function latestWins(): (work: (replaced: AbortSignal) => Promise<Turn>) => Promise<Turn> {
  let running: AbortController | undefined;
  let waiting: { readonly start: () => Promise<void>; readonly drop: () => void } | undefined;

  async function drain(): Promise<void> {
    while (waiting !== undefined) {
      const { start } = waiting;
      waiting = undefined;
      await start();
    }
    running = undefined;
  }

  return (work) =>
    new Promise((resolve, reject) => {
      waiting?.drop();
      running?.abort();
      waiting = {
        drop: () => resolve("replaced"),
        start: () => {
          running = new AbortController();
          return work(running.signal).then(resolve, reject);
        },
      };
      if (running === undefined) void drain();
    });
}
