/** What an Envoy has counted since it started. */
export interface HealthReading {
  /** When it was read, in milliseconds of a clock that only goes on. */
  readonly atMs: number;
  /** How long it had run then, in whole seconds. */
  readonly uptimeS: number;
  /** How often a filter's VM had failed when the filter was to run: it was replaced, could not be, or not yet. */
  readonly vmFailures: number;
  /** Those that have been answered, inbound and outbound. */
  readonly requests: number;
  /** Of these, by 5xx. */
  readonly failed: number;
}

/** What a proxy has counted in a time. */
export interface Health extends Pick<HealthReading, "vmFailures" | "requests" | "failed"> {
  /** How often it has started again. */
  readonly restarts: number;
}

export interface HealthLimits {
  /** Of the requests, so many per cent have to be answered by something else than 5xx. */
  readonly successPercentMin: number;
}

export const nothingCounted: Health = { vmFailures: 0, requests: 0, failed: 0, restarts: 0 };

/** What proxies have counted together. */
export function sum(all: Iterable<Health>): Health {
  return [...all].reduce(
    (total, each) => ({
      vmFailures: total.vmFailures + each.vmFailures,
      requests: total.requests + each.requests,
      failed: total.failed + each.failed,
      restarts: total.restarts + each.restarts,
    }),
    nothingCounted,
  );
}

/** Envoy tells whole seconds, and an answer may be late by as much. */
const startedToleranceMs = 2_000;

/**
 * `health` with what was counted between two readings of a proxy; without one before, since it started. Counters of an Envoy that
 * started again in between begin at nothing.
 */
export function counted(health: Health, before: HealthReading | undefined, next: HealthReading): Health {
  const isAnother = before !== undefined && hasRestarted(before, next);
  const from = before === undefined || isAnother ? nothingCounted : before;
  return {
    vmFailures: health.vmFailures + next.vmFailures - from.vmFailures,
    requests: health.requests + next.requests - from.requests,
    failed: health.failed + next.failed - from.failed,
    restarts: health.restarts + (isAnother ? 1 : 0),
  };
}

/** An Envoy that stood still says how long it ran before it did, until it has counted anew: it is another only if it has not run for longer than since the last reading. */
function hasRestarted(before: HealthReading, next: HealthReading): boolean {
  const hasLost = (["vmFailures", "requests", "failed"] as const).some((what) => next[what] < before[what]);
  const beganLater = startedMs(next) - startedMs(before) > startedToleranceMs;
  const isNewer = startedMs(next) >= before.atMs - startedToleranceMs;
  return hasLost || next.uptimeS < before.uptimeS || (beganLater && isNewer);
}

function startedMs({ atMs, uptimeS }: HealthReading): number {
  return atMs - uptimeS * 1_000;
}

/** So few requests do not tell a share of failures before the time is over. */
const telling = 100;

/**
 * Why these proxies are not healthy, for people; undefined where they are. Before the time `isOver`, only what no later request can make
 * good, and a share of enough of them.
 */
export function unhealthy(
  proxies: ReadonlyMap<string, Health>,
  { successPercentMin }: HealthLimits,
  isOver: boolean,
): string | undefined {
  const reasons = [...proxies].flatMap(([service, { vmFailures, requests, failed, restarts }]) => {
    const isTelling = requests > 0 && (isOver || requests >= telling);
    const isFailing = isTelling && 100 * (requests - failed) < successPercentMin * requests;
    const reason = [
      ...(restarts > 0 ? ["it has started again"] : []),
      ...(vmFailures > 0 ? [`a filter's VM had failed ${times(vmFailures)}`] : []),
      ...(isFailing ? [`${failed} of ${requests} requests were answered by 5xx`] : []),
    ].join(", ");
    return reason === "" ? [] : [`proxy "${service}": ${reason}`];
  });
  return reasons.length === 0 ? undefined : reasons.join("; ");
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
