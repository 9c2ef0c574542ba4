import { setTimeout as sleep } from "node:timers/promises";
import { WireError } from "../error/wire-error.ts";
import {
  counted,
  type Health,
  type HealthLimits,
  type HealthReading,
  nothingCounted,
  unhealthy,
} from "./health.ts";

export interface Verdict {
  /** By service, what its proxy has counted in the time. */
  readonly health: ReadonlyMap<string, Health>;
  /** Why they are not healthy, for people; absent where they are. */
  readonly reason?: string;
}

/** Looks how proxies fare. */
export interface HealthWatch {
  /**
   * Resolves when the time that proxies have to be healthy for is over, counted from now on, or as soon as they are not. What they ran
   * before now may have been at fault until now, so of that only counts whether they have started again. With `cut` the time is over at
   * once, and what has been seen until then decides.
   */
  judged(cut: AbortSignal): Promise<Verdict>;
}

export interface WatchHealthOptions {
  /** By service. */
  readonly proxies: readonly string[];
  /** Those of them that have just been made, or are yet to be: nobody has to answer for them before the end. */
  readonly fresh: readonly string[];
  /** Rejects where the proxy of this service does not tell. */
  read(service: string): Promise<HealthReading>;
  /** How long proxies have to be healthy for. */
  readonly soakMs: number;
  readonly limits: HealthLimits;
  /** How often they are asked; 1,000 ms by default. */
  readonly intervalMs?: number;
}

/** So many are asked at the same time. */
const together = 50;
/** An Envoy that is starting again is back by then. */
const answersWithin = 5;

/** Looks from now on. Rejects where the health of a proxy is not known: a change that nobody watches is not begun. */
export async function watchHealth(options: WatchHealthOptions): Promise<HealthWatch> {
  const { proxies, fresh, soakMs, limits, intervalMs = 1_000 } = options;
  const last = new Map<string, HealthReading>();
  const health = new Map(proxies.map((service) => [service, nothingCounted]));
  let silent: ReadonlyMap<string, unknown> = new Map();

  async function look(): Promise<void> {
    const failures = new Map<string, unknown>();
    for (let first = 0; first < proxies.length; first += together)
      await Promise.all(
        proxies.slice(first, first + together).map(async (service) => {
          try {
            const next = await options.read(service);
            health.set(service, counted(health.get(service) ?? nothingCounted, last.get(service), next));
            last.set(service, next);
          } catch (error) {
            failures.set(service, error);
          }
        }),
      );
    silent = failures;
  }

  function why(services: Iterable<string>): string {
    return [...services]
      .map(
        (service) => `the health of the proxy of "${service}" is not known: ${textOf(silent.get(service))}`,
      )
      .join("; ");
  }

  await look();
  const unknown = [...silent.keys()].filter((service) => !fresh.includes(service));
  if (unknown.length > 0) throw new WireError("health", why(unknown));
  // What there was before is of no concern.
  for (const service of last.keys()) health.set(service, nothingCounted);

  async function begin(): Promise<void> {
    await look();
    for (const [service, { restarts }] of health)
      if (!fresh.includes(service)) health.set(service, { ...nothingCounted, restarts });
  }

  return {
    judged: async (cut) => {
      await begin();
      const endMs = performance.now() + soakMs;
      for (;;) {
        const leftMs = cut.aborted ? 0 : endMs - performance.now();
        if (leftMs > 0)
          await sleep(Math.min(intervalMs, leftMs), undefined, { signal: cut }).catch(() => undefined);
        await look();
        const isOver = cut.aborted || performance.now() >= endMs;
        for (let more = 1; isOver && silent.size > 0 && more < answersWithin; more++) {
          await sleep(intervalMs);
          await look();
        }
        const reason =
          unhealthy(health, limits, isOver) ?? (isOver && silent.size > 0 ? why(silent.keys()) : undefined);
        if (reason !== undefined) return { health, reason };
        if (isOver) return { health };
      }
    },
  };
}

function textOf(error: unknown): string {
  return error instanceof WireError ? error.reason : String(error);
}
