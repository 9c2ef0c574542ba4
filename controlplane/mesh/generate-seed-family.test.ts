import { describe, expect, test } from "vitest";
import { commutes } from "../analysis/commutes.ts";
import { declaredDataplanes } from "../language/check-imports.ts";
import { checkPolicies } from "../language/check-policies.ts";
import { generateSeedFamily, type SeedFamilyOptions } from "./generate-seed-family.ts";

function read(options: SeedFamilyOptions) {
  const { mesh, sources } = generateSeedFamily(options);
  const { policies, diagnostics } = checkPolicies(sources, mesh);
  return { mesh, sources, policies, diagnostics, dataplanes: declaredDataplanes(sources) };
}

const variants: readonly Omit<SeedFamilyOptions, "size" | "seed">[] = (
  ["caller", "nothing"] as const
).flatMap((pinned) =>
  (["natural", "commuting"] as const).flatMap((actions) =>
    (["lastTwo", "whole"] as const).map((contexts) => ({ pinned, actions, contexts })),
  ),
);

describe("generateSeedFamily", () => {
  test.each(variants)(
    "$pinned pinned, $actions actions, $contexts contexts: all of it is read without a word",
    (variant) => {
      for (const size of ["small", "medium", "large"] as const) {
        const { diagnostics, dataplanes, policies, mesh } = read({ size, seed: 3, ...variant });
        expect(diagnostics).toEqual([]);
        expect(dataplanes.map(({ name, cost }) => [name, cost])).toEqual([
          ["full", 10],
          ["routing", 8],
          ["balancing", 4],
          ["basic", 2],
        ]);
        const nonLeaves = new Set(mesh.calls.map(({ from }) => from)).size;
        expect(policies).toHaveLength({ small: 2, medium: 3, large: 6 }[size] * nonLeaves);
      }
    },
  );

  test("the sizes of the family", () => {
    const sizes = (size: SeedFamilyOptions["size"]) =>
      Array.from({ length: 40 }, (_, seed) => generateSeedFamily({ size, seed }).mesh.services.size);
    expect(new Set(sizes("small"))).toEqual(new Set([20]));
    for (const size of sizes("medium")) expect(size >= 40 && size <= 72).toBe(true);
    const large = sizes("large");
    for (const size of large) expect(size >= 160 && size <= 304).toBe(true);
    expect(large.reduce((sum, size) => sum + size, 0) / large.length).toBeCloseTo(232, -1);
  });

  test("a service is called by 1 + density · n of earlier tiers", () => {
    const { mesh } = generateSeedFamily({ size: "large", seed: 9, density: 0.1 });
    const callers = Map.groupBy(mesh.calls, ({ to }) => to);
    const tierOf = (name: string) => Number(name.split("-")[1]);
    for (const { name, entry } of mesh.services.values()) {
      const earlier = [...mesh.services.keys()].filter((other) => tierOf(other) < tierOf(name));
      expect(entry).toBe(tierOf(name) === 0);
      expect(callers.get(name) ?? []).toHaveLength(
        earlier.length === 0 ? 0 : Math.floor(1 + 0.1 * earlier.length),
      );
      for (const { from } of callers.get(name) ?? []) expect(tierOf(from ?? "") < tierOf(name)).toBe(true);
    }
  });

  test("actions come as often as they should, and only the dearer data planes offer all", () => {
    const all = Array.from({ length: 5 }, (_, seed) => read({ size: "large", seed }).policies).flat();
    const share = (action: string) =>
      all.filter(({ actions }) => actions.includes(action)).length / all.length;
    // Policies without an action are drawn again: each probability is over that of having any.
    const any = 1 - 0.7 * 0.7 * 0.9 * 0.5 * 0.2 * 0.7 * 0.9;
    expect(share("SetHeader")).toBeCloseTo(0.3 / any, 1);
    expect(share("Deny")).toBeCloseTo(0.8 / any, 1);
    expect(share("SetHashKey")).toBeCloseTo(0.5 / any, 1);
    expect(share("SetDeadline")).toBeCloseTo(0.1 / any, 1);
    const { dataplanes } = read({ size: "small", seed: 1 });
    expect(
      dataplanes.map(({ actions }) => actions.filter((name) => name.startsWith("Request.")).length),
    ).toEqual([8, 7, 7, 5]);
    expect(dataplanes[0]?.sides["Request.SetDeadline"]).toBe("egress");
    expect(read({ size: "small", seed: 1, pinned: "nothing" }).dataplanes[0]?.sides).toEqual({});
  });

  test("a quarter of the elements but the first are wildcards, never two in a row", () => {
    const all = Array.from({ length: 5 }, (_, seed) =>
      read({ size: "large", seed, contexts: "whole" }),
    ).flatMap(({ sources }) =>
      [...(sources[0]?.text.matchAll(/context \('(.*)'\)/g) ?? [])].map(([, text]) => text ?? ""),
    );
    const contexts = all.map((text) => text.split(" -> "));
    for (const elements of contexts) {
      expect(elements.length).toBeGreaterThanOrEqual(2);
      expect(elements.length).toBeLessThanOrEqual(8);
      expect(elements[0]).not.toBe(".*");
    }
    expect(all.filter((text) => /\.\*? -> \./.test(text))).toEqual([]);
    const wild = contexts.flatMap((elements) => elements.slice(1)).map((element) => element.startsWith("."));
    // One that follows another is not drawn: a quarter of what may be, which is a fifth of all.
    expect(wild.filter(Boolean).length / wild.length).toBeCloseTo(0.2, 1);
  });

  test("commuting actions commute, all of them", () => {
    const { policies } = read({ size: "medium", seed: 2, actions: "commuting" });
    for (const [index, p] of policies.entries())
      for (const q of policies.slice(index + 1)) expect(commutes(p, q), `${p.name} and ${q.name}`).toBe(true);
  });

  test("equal options, equal texts; another seed, another mesh", () => {
    const one = generateSeedFamily({ size: "medium", seed: 5 });
    expect(generateSeedFamily({ size: "medium", seed: 5 })).toEqual(one);
    expect(generateSeedFamily({ size: "medium", seed: 6 }).sources).not.toEqual(one.sources);
  });
});
