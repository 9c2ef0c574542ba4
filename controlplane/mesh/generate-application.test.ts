import { describe, expect, test } from "vitest";
import { generateApplication } from "./generate-application.ts";
import type { Mesh } from "./mesh.ts";

const applications = Array.from({ length: 4000 }, (_, seed) => generateApplication({ seed }));

function degrees({ services, calls }: Mesh) {
  const callers = Map.groupBy(calls, ({ to }) => to);
  const callees = Map.groupBy(calls, ({ from }) => from);
  return [...services.values()].map((service) => ({
    service,
    in: (callers.get(service.name) ?? []).length,
    out: (callees.get(service.name) ?? []).length,
  }));
}

/** Services on the longest of the shortest ways from the entry. */
function depth({ services, calls }: Mesh): number {
  let level = [...services.values()].filter(({ entry }) => entry).map(({ name }) => name);
  const seen = new Set(level);
  let levels = 0;
  for (; level.length > 0; levels++) {
    level = calls.flatMap(({ from, to }) => (level.includes(from ?? "") && !seen.has(to) ? [to] : []));
    for (const name of level) seen.add(name);
  }
  return levels;
}

function isCyclic({ services, calls }: Mesh): boolean {
  const left = new Set(services.keys());
  for (let before = -1; before !== left.size; ) {
    before = left.size;
    for (const name of left)
      if (!calls.some(({ from, to }) => from === name && left.has(to))) left.delete(name);
  }
  return left.size > 0;
}

/**
 * The Kolmogorov–Smirnov distance of a sample to a distribution of which only some percentiles are known: how far the share of values up to
 * each of them is from where it should be. At a whole number the distribution jumps over the percentile, so that both ends of the jump count.
 */
function distance(values: readonly number[], percentiles: Readonly<Record<string, number>>): number {
  const share = (holds: (value: number) => boolean) => values.filter(holds).length / values.length;
  return Math.max(
    ...Object.entries(percentiles).map(([percentile, value]) =>
      Math.max(
        Number(percentile) / 100 - share((each) => each <= value),
        share((each) => each < value) - Number(percentile) / 100,
        0,
      ),
    ),
  );
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("generateApplication", () => {
  const nodes = applications.map(({ services }) => services.size);
  const edges = applications.map(({ calls }) => calls.length);
  const all = applications.flatMap(degrees);

  test.each([
    { what: "services", values: nodes, percentiles: { 50: 5, 75: 7, 95: 7, 99: 18 }, max: 0.02 },
    { what: "calls", values: edges, percentiles: { 50: 4, 99: 21 }, max: 0.02 },
    {
      what: "out-degree of those that call",
      values: all.filter(({ out }) => out > 0).map(({ out }) => out),
      percentiles: { 50: 2, 75: 6, 90: 6, 99: 11 },
      max: 0.06,
    },
    {
      what: "in-degree",
      values: all.filter(({ service }) => !service.entry).map((each) => each.in),
      percentiles: { 50: 1, 95: 2, 99: 3 },
      max: 0.02,
    },
    { what: "depth", values: applications.map(depth), percentiles: { 50: 2, 90: 3, 99: 5 }, max: 0.02 },
  ])("$what: by percentiles", ({ values, percentiles, max }) => {
    expect(distance(values, percentiles as Readonly<Record<string, number>>)).toBeLessThan(max);
  });

  test("means and shares", () => {
    const leafShares = applications.map((each) => mean(degrees(each).map(({ out }) => (out === 0 ? 1 : 0))));
    const share = (holds: (each: (typeof all)[number]) => boolean) => all.filter(holds).length / all.length;
    const isNear = (value: number, published: number, off: number) =>
      expect(Math.abs(value - published)).toBeLessThan(off);
    isNear(mean(nodes), 5.6, 0.3);
    isNear(mean(leafShares), 0.727, 0.04);
    isNear(mean(all.filter(({ out }) => out > 0).map(({ out }) => out)), 3.47, 0.3);
    isNear(
      share((each) => each.in >= 2),
      0.087,
      0.03,
    );
    isNear(
      share((each) => each.in + each.out >= 4),
      0.116,
      0.03,
    );
    isNear(
      share(({ service }) => service.name.startsWith("cache-")),
      0.344,
      0.02,
    );
    isNear(
      share(({ service }) => service.name.startsWith("db-")),
      0.037,
      0.01,
    );
    isNear(applications.filter(isCyclic).length / applications.length, 0.007, 0.005);
  });

  test("large ones have leaves, cycles and hubs as such ones have", () => {
    const large = Array.from({ length: 60 }, (_, seed) => generateApplication({ seed, services: 250 }));
    for (const each of large) {
      const found = degrees(each);
      expect(found).toHaveLength(250);
      const leaves = found.filter(({ out }) => out === 0).length / 250;
      expect(leaves >= 0.6 && leaves <= 0.79).toBe(true);
      expect(found.filter((one) => one.in >= 16).length).toBeGreaterThanOrEqual(12);
      expect(depth(each)).toBeLessThanOrEqual(10);
    }
    const cyclic = large.filter(isCyclic).length / large.length;
    expect(cyclic > 0.25 && cyclic < 0.75).toBe(true);
  });

  test("all are reached, nothing calls itself, a store calls nobody, and a seed stands for one", () => {
    for (const mesh of [...applications.slice(0, 500), generateApplication({ seed: 1, services: 1500 })]) {
      const reached = new Set(
        [...mesh.services.values()].filter(({ entry }) => entry).map(({ name }) => name),
      );
      const callees = Map.groupBy(mesh.calls, ({ from }) => from);
      for (const name of reached) for (const { to } of callees.get(name) ?? []) reached.add(to);
      expect(reached.size).toBe(mesh.services.size);
      for (const { from, to } of mesh.calls) {
        expect(from).not.toBe(to);
        expect(mesh.services.get(from ?? "")?.protocol).not.toBe("tcp");
      }
    }
    expect(generateApplication({ seed: 9 })).toEqual(generateApplication({ seed: 9 }));
  });
});
