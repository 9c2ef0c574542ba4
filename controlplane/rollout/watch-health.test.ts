import { describe, expect, test } from "vitest";
import { WireError } from "../error/wire-error.ts";
import { type HealthReading, nothingCounted } from "./health.ts";
import { type HealthWatch, type WatchHealthOptions, watchHealth } from "./watch-health.ts";

/** Proxies that answer one reading after the other, and the last one again and again; an undefined one is no answer. */
function reading(
  answers: Readonly<Record<string, readonly (Partial<HealthReading> | undefined)[]>>,
  options: Partial<WatchHealthOptions> = {},
): Promise<HealthWatch> {
  const asked = new Map<string, number>();
  return watchHealth({
    ...{
      proxies: Object.keys(answers),
      fresh: [],
      soakMs: 20,
      intervalMs: 1,
      limits: { successPercentMin: 99 },
    },
    read: async (service) => {
      const all = answers[service] ?? [];
      const index = asked.get(service) ?? 0;
      asked.set(service, index + 1);
      const answer = all[Math.min(index, all.length - 1)];
      if (answer === undefined) throw new WireError("health", "no Envoy answers");
      return { atMs: 0, uptimeS: 0, ...nothingCounted, ...answer };
    },
    ...options,
  });
}

const never = new AbortController().signal;

describe("proxies", () => {
  test("are healthy when the time is over, and what was before does not count", async () => {
    const watch = await reading({
      geo: [
        { vmFailures: 3, requests: 10, failed: 9 },
        { vmFailures: 3, requests: 11, failed: 10 },
        { vmFailures: 3, requests: 13, failed: 10 },
      ],
    });
    expect(await watch.judged(never)).toEqual({
      health: new Map([["geo", { ...nothingCounted, requests: 2 }]]),
    });
  });

  test("are not healthy as soon as a VM has failed", async () => {
    const watch = await reading({ geo: [{}, {}, {}, { vmFailures: 1 }], rate: [{}] }, { soakMs: 1_000_000 });
    expect((await watch.judged(never)).reason).toBe(`proxy "geo": a filter's VM had failed once`);
  });

  test("are not judged by what they ran before, save that they have started again", async () => {
    const old = { vmFailures: 2, requests: 5, failed: 5 };
    const mended = await reading({ geo: [{ vmFailures: 1, requests: 3, failed: 3 }, old] });
    expect((await mended.judged(never)).reason).toBeUndefined();
    const crashed = await reading({ geo: [old, { vmFailures: 0 }] });
    expect((await crashed.judged(never)).reason).toBe('proxy "geo": it has started again');
  });

  test("are judged by what was seen when something newer comes", async () => {
    const newer = new AbortController();
    const watch = await reading({ geo: [{}, {}, { requests: 2, failed: 1 }] }, { soakMs: 1_000_000 });
    setTimeout(() => newer.abort(), 5);
    expect((await watch.judged(newer.signal)).reason).toBe(
      `proxy "geo": 1 of 2 requests were answered by 5xx`,
    );
  });

  test("that do not answer are not begun with", async () => {
    await expect(reading({ geo: [undefined], rate: [{}] })).rejects.toThrow(
      'the health of the proxy of "geo" is not known: no Envoy answers',
    );
  });

  test("may be silent for a while, and not in the end", async () => {
    const back = await reading({ geo: [{}, undefined, undefined, {}] });
    expect((await back.judged(never)).reason).toBeUndefined();
    const gone = await reading({ geo: [{}, undefined] });
    expect((await gone.judged(never)).reason).toBe(
      'the health of the proxy of "geo" is not known: no Envoy answers',
    );
  });

  test("that are new are looked at from their beginning", async () => {
    const watch = await reading({ geo: [undefined, { vmFailures: 1 }] }, { fresh: ["geo"] });
    expect((await watch.judged(never)).reason).toBe(`proxy "geo": a filter's VM had failed once`);
  });
});
