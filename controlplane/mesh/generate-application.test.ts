import { describe, expect, test } from "vitest";
import { applicationFigures, degrees, depth, distancesToPublished } from "./application-figures.ts";
import { generateApplication } from "./generate-application.ts";
import type { Mesh } from "./mesh.ts";

const applications = Array.from({ length: 4000 }, (_, seed) => generateApplication({ seed }));

function isCyclic({ services, calls }: Mesh): boolean {
  const left = new Set(services.keys());
  for (let before = -1; before !== left.size; ) {
    before = left.size;
    for (const name of left)
      if (!calls.some(({ from, to }) => from === name && left.has(to))) left.delete(name);
  }
  return left.size > 0;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("generateApplication", () => {
  const figures = applicationFigures(applications);
  const distances = distancesToPublished(figures);
  const all = applications.flatMap(degrees);

  test.each([
    { figure: "services", max: 0.02 },
    { figure: "calls", max: 0.02 },
    { figure: "outDegrees", max: 0.06 },
    { figure: "inDegrees", max: 0.02 },
    { figure: "depths", max: 0.02 },
  ] as const)("$figure: by percentiles", ({ figure, max }) => {
    expect(distances[figure]).toBeLessThan(max);
  });

  test("means and shares", () => {
    const leafShares = applications.map((each) => mean(degrees(each).map(({ out }) => (out === 0 ? 1 : 0))));
    const share = (holds: (each: (typeof all)[number]) => boolean) => all.filter(holds).length / all.length;
    const isNear = (value: number, published: number, off: number) =>
      expect(Math.abs(value - published)).toBeLessThan(off);
    isNear(mean(figures.services), 5.6, 0.3);
    isNear(mean(leafShares), 0.727, 0.04);
    isNear(mean(figures.outDegrees), 3.47, 0.3);
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
