import { expect, test } from "vitest";
import type { CallTree } from "../../envoy/emulator/service.ts";
import type { Hit } from "../../envoy/measure/attack.ts";
import type { Application } from "./application.ts";
import { summaryOf, type UsageByPart } from "./summary.ts";

const tree: CallTree = {
  service: "web",
  status: 200,
  calls: [{ service: "rate", status: 200, headers: { x: ["y"] } }],
};

function hit(dueMs: number, more: Partial<Hit> = {}): Hit {
  return { number: dueMs, dueMs, latencyMs: 5, status: 200, body: JSON.stringify(tree), ...more };
}

/** At some second, with all that was taken before it: a proxy so many cores, and the others half of what the one before them takes. */
function used(second: number, proxyCores: number): UsageByPart {
  const of = (cores: number, mib: number) => ({ cpuNs: 7e9 + cores * second * 1e9, memoryKib: mib * 1024 });
  return {
    atMs: 500 + second * 1000,
    ...{ proxies: of(proxyCores, 90), services: of(proxyCores / 2, 80) },
    ...{ controlPlane: of(proxyCores / 4, 70), load: of(proxyCores / 8, 60) },
  };
}

const window = { warmUpSeconds: 1, seconds: 2, before: used(1, 0.8), after: used(3, 0.8) };

test("only what was due within the measurement counts, whenever it was answered", () => {
  const hits = [
    hit(0, { latencyMs: 9_000 }),
    hit(999.9, { latencyMs: 9_000 }),
    hit(1000, { latencyMs: 3_000 }),
    hit(2999.9),
    hit(3000, { latencyMs: 9_000 }),
  ];
  const { requests, latencyMs } = summaryOf({ ...window, hits });
  expect(requests).toEqual({ due: 2, answered: 2 });
  expect(latencyMs?.max).toBeCloseTo(3_000, -1);
});

test("what failed is counted by why, and is in no latency; one of whose calls failed is among them", () => {
  const half = JSON.stringify({ ...tree, calls: [{ service: "rate", status: 0 }] });
  const hits = [
    hit(1000),
    hit(1100, { status: 503, latencyMs: 9_000 }),
    hit(1200, { status: 0, error: "Get: context deadline exceeded", latencyMs: 9_000 }),
    hit(1300, { body: half, latencyMs: 9_000 }),
    hit(1400, { status: 0, error: "dial tcp 127.0.0.1:1->127.0.0.2:2: connect: connection refused" }),
    hit(1500, { status: 0, error: "dial tcp 127.0.0.1:3->127.0.0.2:2: connect: connection refused" }),
  ];
  const { requests, failures, latencyMs } = summaryOf({ ...window, hits });
  expect(requests).toEqual({ due: 6, answered: 1 });
  expect(failures).toEqual({
    ...{ "status 503": 1, timeout: 1, "a call of it failed": 1, "connect: connection refused": 2 },
  });
  expect(latencyMs?.max).toBeCloseTo(5, 1);
  expect(summaryOf({ ...window, hits: hits.slice(1) }).latencyMs).toBeUndefined();
});

test("CPU is what was taken between the two moments at which it was read, and memory that of the second", () => {
  // The second came half a second late: so much longer was CPU taken.
  const { cores, memoryMib } = summaryOf({ ...window, after: used(3.5, 0.8), hits: [hit(1000)] });
  expect(cores.proxies).toBeCloseTo(0.8, 9);
  expect(cores.services).toBeCloseTo(0.4, 9);
  expect(cores.controlPlane).toBeCloseTo(0.2, 9);
  expect(cores.load).toBeCloseTo(0.1, 9);
  expect(memoryMib).toEqual({ proxies: 90, services: 80, controlPlane: 70 });
});

test("policies are looked for in the answers of the measurement alone, and only where some are in force", () => {
  const covered: Application["covered"] = {
    p1: [{ policy: "p", header: { name: "x", value: "y" }, paths: ["web rate"] }],
  };
  const application: Application = {
    ...{ entry: "web", requests: [], parallel: [], work: { services: {}, stores: {} }, covered },
  };
  const bare = JSON.stringify({ ...tree, calls: [{ service: "rate", status: 200, headers: {} }] });
  const hits = [hit(0, { body: bare }), hit(1000), hit(1100, { body: bare }), hit(1200, { status: 503 })];
  expect(summaryOf({ ...window, hits }, application).enforcement).toMatchObject({ covered: 2, wrong: 1 });
  expect(summaryOf({ ...window, hits }).enforcement).toBeUndefined();
});
