import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { counted, type Health, type HealthReading, nothingCounted, unhealthy } from "./health.ts";

/** What happens in an Envoy within a second. */
interface Second {
  readonly vmFailures: number;
  readonly requests: number;
  readonly failed: number;
  /** It ends before anything else happens, and begins anew. */
  readonly restart: boolean;
}

const seconds = fc.array(
  fc
    .record({
      vmFailures: fc.nat(3),
      requests: fc.nat(50),
      failed: fc.nat(50),
      restart: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    })
    .map((second): Second => ({ ...second, failed: Math.min(second.failed, second.requests) })),
  { minLength: 1, maxLength: 60 },
);

/** The readings at the end of each second, the first one being of an Envoy that has run for ten. */
function readingsOf(happening: readonly Second[]): readonly HealthReading[] {
  let now: HealthReading = { atMs: 10_000, uptimeS: 10, vmFailures: 7, requests: 100, failed: 3 };
  return [
    now,
    ...happening.map((second) => {
      const from = second.restart ? { ...nothingCounted, uptimeS: -1 } : now;
      now = {
        atMs: now.atMs + 1_000,
        uptimeS: from.uptimeS + 1,
        vmFailures: from.vmFailures + second.vmFailures,
        requests: from.requests + second.requests,
        failed: from.failed + second.failed,
      };
      return now;
    }),
  ];
}

function healthOf(readings: readonly HealthReading[]): Health {
  return readings
    .slice(1)
    .reduce((health, next, index) => counted(health, readings[index], next), nothingCounted);
}

function total(happening: readonly Second[]): Health {
  const sum = (what: (second: Second) => number): number =>
    happening.reduce((all, each) => all + what(each), 0);
  return {
    vmFailures: sum(({ vmFailures }) => vmFailures),
    requests: sum(({ requests }) => requests),
    failed: sum(({ failed }) => failed),
    restarts: sum(({ restart }) => (restart ? 1 : 0)),
  };
}

test("an Envoy that stood still, and says for a moment what it said before, has not started again", () => {
  const before: HealthReading = { ...nothingCounted, atMs: 100_000, uptimeS: 90 };
  const stale = { ...before, atMs: 117_000 };
  expect(counted(nothingCounted, before, stale).restarts).toBe(0);
  expect(counted(nothingCounted, stale, { ...stale, atMs: 118_000, uptimeS: 108 }).restarts).toBe(0);
  expect(counted(nothingCounted, stale, { ...stale, atMs: 118_000, uptimeS: 0 }).restarts).toBe(1);
  // One that had run for less than it takes to come back.
  const young: HealthReading = { ...nothingCounted, atMs: 100_000, uptimeS: 1 };
  expect(counted(nothingCounted, young, { ...young, atMs: 110_000, uptimeS: 3 }).restarts).toBe(1);
});

test("all that happens is counted, over restarts too", () => {
  fc.assert(
    fc.property(seconds, (happening) => {
      // Of two within so few seconds one would be seen.
      const apart = happening.map((each, index) => ({
        ...each,
        restart: each.restart && index % 5 === 0,
      }));
      expect(healthOf(readingsOf(apart))).toEqual(total(apart));
    }),
  );
});

test("while an Envoy runs on, it does not matter when it is read", () => {
  fc.assert(
    fc.property(seconds, fc.infiniteStream(fc.boolean()), (happening, choice) => {
      const all = readingsOf(happening.map((each) => ({ ...each, restart: false })));
      const some = all.filter((_, index) => index === 0 || index === all.length - 1 || choice.next().value);
      expect(healthOf(some)).toEqual(healthOf(all));
    }),
  );
});

test("what has been counted of a new proxy is all of its own", () => {
  const reading = { atMs: 5_000, uptimeS: 1, vmFailures: 1, requests: 2, failed: 1 };
  expect(counted(nothingCounted, undefined, reading)).toEqual({
    ...{ vmFailures: 1, requests: 2, failed: 1, restarts: 0 },
  });
});

const limits = { successPercentMin: 99 };
const judged = (health: Partial<Health>, isOver = true): string | undefined =>
  unhealthy(new Map([["geo", { ...nothingCounted, ...health }]]), limits, isOver);

describe("proxies", () => {
  test("without requests are healthy", () => {
    expect(judged({})).toBeUndefined();
  });

  test.for([
    [{ vmFailures: 1 }, `proxy "geo": a filter's VM had failed once`],
    [{ restarts: 1, vmFailures: 3 }, `proxy "geo": it has started again, a filter's VM had failed 3 times`],
    [{ requests: 100, failed: 2 }, `proxy "geo": 2 of 100 requests were answered by 5xx`],
  ] as const)("are not healthy with %j", ([health, why]) => {
    expect(judged(health)).toBe(why);
    expect(judged(health, false)).toBe(why);
  });

  test("may fail as many requests as they are allowed", () => {
    expect(judged({ requests: 100, failed: 1 })).toBeUndefined();
  });

  test("are not judged by a few failures before the time is over", () => {
    expect(judged({ requests: 3, failed: 1 }, false)).toBeUndefined();
    expect(judged({ requests: 3, failed: 1 })).toBe(`proxy "geo": 1 of 3 requests were answered by 5xx`);
  });

  test("are named, all that are not healthy and no other", () => {
    const bad = { ...nothingCounted, vmFailures: 1 };
    const proxies = new Map([
      ["a", bad],
      ["b", nothingCounted],
      ["c", bad],
    ]);
    expect(unhealthy(proxies, limits, true)).toBe(
      `proxy "a": a filter's VM had failed once; proxy "c": a filter's VM had failed once`,
    );
  });

  test("are healthy as often as each one is", () => {
    const health = fc.record({
      vmFailures: fc.nat(1),
      requests: fc.nat(300),
      failed: fc.nat(3),
      restarts: fc.nat(1),
    });
    fc.assert(
      fc.property(fc.array(health, { maxLength: 5 }), fc.nat(100), fc.boolean(), (all, percent, isOver) => {
        const of = (list: readonly Health[]): boolean =>
          unhealthy(
            new Map(list.map((each, index) => [`${index}`, each])),
            { successPercentMin: percent },
            isOver,
          ) === undefined;
        expect(of(all)).toBe(all.every((each) => of([each])));
        // More failures never make it healthy.
        if (!of(all))
          expect(of(all.map((each) => ({ ...each, vmFailures: each.vmFailures + 1 })))).toBe(false);
      }),
    );
  });
});
