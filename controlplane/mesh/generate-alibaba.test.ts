import { describe, expect, test } from "vitest";
import { generateAlibaba } from "./generate-alibaba.ts";

const mesh = generateAlibaba({ seed: 1 });
const services = [...mesh.services.values()];
const callers = Map.groupBy(mesh.calls, ({ to }) => to);
const callees = Map.groupBy(mesh.calls, ({ from }) => from);
const isLeaf = (name: string) => !callees.has(name);

describe("generateAlibaba", () => {
  test("10,000 services with 30,000 calls, each once, all reached", () => {
    expect(services).toHaveLength(10_000);
    expect(mesh.calls).toHaveLength(30_000);
    expect(new Set(mesh.calls.map(({ from, to }) => `${from} ${to}`)).size).toBe(30_000);
    const reached = new Set(services.filter(({ entry }) => entry).map(({ name }) => name));
    for (const name of reached) for (const { to } of callees.get(name) ?? []) reached.add(to);
    expect(reached.size).toBe(10_000);
  });

  test("shares and replicas of entries, leaves and what is between", () => {
    const entries = services.filter(({ entry }) => entry);
    const leaves = services.filter(({ name }) => isLeaf(name));
    const middles = services.filter(({ name, entry }) => !entry && !isLeaf(name));
    expect(entries).toHaveLength(1300);
    expect(leaves).toHaveLength(3900);
    const mean = (list: typeof services) =>
      list.reduce((sum, { replicas }) => sum + replicas, 0) / list.length;
    expect(Math.abs(mean(entries) - 16)).toBeLessThan(3);
    expect(Math.abs(mean(leaves) - 17)).toBeLessThan(3);
    expect(Math.abs(mean(middles) - 41)).toBeLessThan(5);
    for (const { name, entry } of entries) expect(callers.has(name)).toBe(!entry);
  });

  test("hubs, stores, and cycles that calls back close", () => {
    const popular = services.filter(({ name }) => (callers.get(name) ?? []).length >= 16);
    expect(popular.length / services.length).toBeGreaterThan(0.04);
    expect(popular.length / services.length).toBeLessThan(0.06);
    const stores = services.filter(({ protocol }) => protocol === "tcp");
    expect(stores.length).toBe(2100);
    expect(stores.every(({ name }) => isLeaf(name))).toBe(true);
    const back = mesh.calls.filter(({ from, to }) => {
      const seen = new Set([to]);
      for (const name of seen) for (const call of callees.get(name) ?? []) seen.add(call.to);
      return seen.has(from ?? "");
    });
    expect(back.length).toBeGreaterThanOrEqual(150);
  });

  test("rates are there, and nothing has more of them than it could", () => {
    for (const { rate } of mesh.calls) expect(rate).toBeGreaterThanOrEqual(0.001);
    const most = Math.max(...mesh.calls.map(({ rate }) => rate));
    expect(most).toBeLessThan(1_000_000);
  });

  test("any size", () => {
    for (const count of [1, 2, 3, 5, 10, 37, 200]) {
      const small = generateAlibaba({ seed: count, services: count, calls: count * 50 });
      expect(small.services.size).toBe(count);
      for (const { from, to } of small.calls) expect(from).not.toBe(to);
      const names = new Set(small.calls.map(({ from, to }) => `${from} ${to}`));
      expect(names.size).toBe(small.calls.length);
      const reached = new Set(
        [...small.services.values()].filter(({ entry }) => entry).map(({ name }) => name),
      );
      for (const name of reached)
        for (const call of small.calls) if (call.from === name) reached.add(call.to);
      expect(reached.size).toBe(count);
    }
  });

  test("equal seeds, equal meshes", () => {
    expect(generateAlibaba({ seed: 4, services: 100 })).toEqual(generateAlibaba({ seed: 4, services: 100 }));
    expect(generateAlibaba({ seed: 5, services: 100 }).calls).not.toEqual(
      generateAlibaba({ seed: 4, services: 100 }).calls,
    );
  });
});
