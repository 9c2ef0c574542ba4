import { strict as assert } from "node:assert";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  hostsOf,
  idsAlone,
  lost,
  pathCases,
  requestsOf,
  runningOf,
  sent,
  timesOf,
  versions,
} from "../../tests/paths/play.ts";
import type { DraftMesh, DraftPolicy, Part } from "../placement/random-cases.test-helper.ts";
import { contextOf } from "../placement/second-reading.test-helper.ts";

test("the modules of proxies enforce a policy on each request whose path it is for, once, and on no other", async () => {
  const counts = { cases: 0, enforced: 0, joined: 0, met: 0 };
  const property = fc.asyncProperty(pathCases, async (drawn) => {
    const running = await runningOf(drawn, drawn.policies);
    if (running === undefined || running.paths.own === undefined) return;
    counts.cases++;
    const only = await hostsOf(running, new Map());
    for (const walk of requestsOf(drawn.mesh)) {
      const seen = sent(walk, { mesh: running.mesh, wayOf: () => only });
      if (idsAlone(walk, drawn.mesh) !== "again") expect([walk, ...seen]).not.toContain(lost);
      for (const draft of drawn.policies) {
        const isFor = contextOf(draft).test(walk);
        const times = timesOf(draft, seen);
        const passed = idsAlone(walk, drawn.mesh);
        const right = [isFor ? 1 : 0, ...(passed === "again" ? [0] : [])];
        expect([walk, draft.name, right]).toEqual([walk, draft.name, expect.arrayContaining([times])]);
        counts.enforced += times;
        if (passed === "again") counts.met++;
        if (passed === "once") counts.joined += times;
      }
    }
  });
  await fc.assert(property, { numRuns: 150, seed: 8 });
  expect(counts.cases).toBeGreaterThan(1);
  expect(counts.enforced).toBeGreaterThan(10);
  expect(Math.min(counts.joined, counts.met)).toBeGreaterThan(3);
});

test("what a service on the way to an origin has lost is not taken for a path that begins there", async () => {
  const service = (name: string) => ({
    ...{ name, entry: name === "a", origin: name === "d", isStore: false, proxy: "any", replicas: 1 },
  });
  const call = (from: string, to: string) => ({ from, to, rate: 1 });
  const mesh: DraftMesh = {
    identity: "address",
    services: ["a", "c", "d", "e"].map(service),
    calls: [call("a", "c"), call("c", "d"), call("d", "e")],
  };
  const policy = (name: string, anchored: boolean, parts: readonly Part[]): DraftPolicy => ({
    ...{ name, act: "Request", priority: 0, mode: "enforce", anchored, parts },
    sections: [{ heading: "either", operations: [{ action: { kind: "set", header: name, value: "1" } }] }],
  });
  const [a, d, e, between] = [
    { text: "a", pattern: "a" },
    { text: "d", pattern: "d" },
    { text: "e", pattern: "e" },
    { text: ".*", pattern: "[a-z]*" },
  ];
  const policies = [policy("own", true, [d, e]), policy("others", false, [a, between, e])];
  const met = await metIn(mesh, policies);
  expect(met("de")).toEqual(["own"]);
  expect(met("acde")).toEqual(["others"]);
  expect(met("acde", "c")).toEqual([]);
});

test("a state says another thing in front of each version of a service that does not stamp, to filter code too", async () => {
  const service = (name: string) => ({
    ...{ name, entry: name === "a", origin: false, isStore: false, proxy: "any", replicas: 1 },
  });
  const call = (from: string, to: string) => ({ from, to, rate: 1 });
  const mesh: DraftMesh = {
    identity: "address",
    services: ["a", "b", "c", "d"].map(service),
    calls: [call("a", "c"), call("a", "d"), call("c", "d"), call("d", "b")],
  };
  const policy = (name: string, version: Part, more: Partial<DraftPolicy>): DraftPolicy => ({
    ...{ name, act: "Request", priority: 0, mode: "enforce", anchored: false, ...more },
    parts: [{ text: "c", pattern: "c" }, { text: "d", pattern: "d" }, version],
    sections: [{ heading: "either", operations: [{ action: { kind: "set", header: name, value: "1" } }] }],
  });
  const [first, second] = versions;
  assert(first !== undefined && second !== undefined, "there are two");
  const policies = [policy("one", first, {}), policy("two", second, { filter: { isDeclared: true } })];
  const met = await metIn(mesh, policies);
  expect(["acdB", "acdb", "adB", "adb"].map((walk) => met(walk))).toEqual([["one"], ["two"], [], []]);
});

/** Which policies a walk meets, where they alone are in force; without the header behind the service that drops it. */
async function metIn(
  mesh: DraftMesh,
  policies: readonly DraftPolicy[],
): Promise<(walk: string, drops?: string) => readonly string[]> {
  const dataplanes = [{ name: "envoy", cost: 1, actions: "all" } as const];
  const running = await runningOf(
    { mesh, policies, dataplanes, before: { proxies: [], sides: [] } },
    policies,
  );
  assert(running !== undefined, "these can be placed");
  const only = await hostsOf(running, new Map());
  return (walk, drops) =>
    sent(walk, { mesh: running.mesh, wayOf: () => only, ...(drops && { drops }) }).filter((name) =>
      policies.some((each) => each.name === name),
    );
}
