import type { Answer, Wire } from "./start-wire.ts";

/** Requests at a constant rate, whatever the answers take, until it is stopped; on a machine that stands still they wait. */
export interface Load {
  /** Resolves with the number of requests sent, when all have been answered. */
  stop(): Promise<number>;
}

/** Unanswered at once: a machine that has stood still for seconds is not asked for all of these in one turn. */
const openMax = 256;

export function startLoad(
  wire: Wire,
  options: {
    readonly rate: number;
    readonly headers?: Readonly<Record<string, string>>;
    answered(answer: Answer, startedMs: number): void;
  },
): Load {
  const open = new Set<Promise<void>>();
  let sent = 0;
  const send = (): void => {
    sent++;
    const startedMs = performance.now();
    const asked = wire
      .ask(options.headers)
      .then((answer) => options.answered(answer, startedMs))
      .finally(() => open.delete(asked));
    open.add(asked);
  };
  const beginMs = performance.now();
  // Timers come late on a busy machine; what is due by now is sent all the same.
  const timer = setInterval(() => {
    while (open.size < openMax && sent < ((performance.now() - beginMs) * options.rate) / 1000) send();
  }, 5);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(open);
      return sent;
    },
  };
}
