import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkPolicies } from "../../language/check-policies.ts";
import type { Policy } from "../../language/policy.ts";
import { generateAlibaba } from "../../mesh/generate-alibaba.ts";
import { generateApplication } from "../../mesh/generate-application.ts";
import type { Mesh } from "../../mesh/mesh.ts";
import { plainMesh, plainService } from "../../mesh/suite.ts";
import { place } from "../../placement/solve.ts";
import { dataplanes } from "./dataplanes.ts";
import { policySets } from "./policy-sets.ts";

function checked({ mesh, sets }: ReturnType<typeof policySets>) {
  return new Map(
    sets.map(({ name, policies: count, source }) => {
      const { policies, diagnostics } = checkPolicies([source], mesh);
      expect(diagnostics).toEqual([]);
      expect(policies).toHaveLength(count);
      return [name, policies];
    }),
  );
}

const sidesOf = (policies: readonly Policy[] | undefined): ReadonlySet<string> =>
  new Set(
    policies?.flatMap((policy) => (policy.kind === "copper" ? policy.sections : [])).map(({ side }) => side),
  );

const large = generateApplication({ seed: 3, services: 60 });

describe("policySets", () => {
  test("P1 writes headers and routes at the caller, P2 guards each store, and mixed is for all sides", () => {
    const sets = policySets(large, 1);
    const policies = checked(sets);
    const named = (set: "p1" | "p1p2" | "mixed", start: string) =>
      policies.get(set)?.filter(({ name }) => name.startsWith(start)) ?? [];
    const stores = [...large.services.values()].filter(({ protocol }) => protocol === "tcp");
    expect(named("p1", "header")).toHaveLength(6);
    const requests = large.calls.filter(({ to }) => large.services.get(to)?.protocol !== "tcp");
    expect(named("p1", "route")).toHaveLength(Math.round(requests.length / 4));
    expect(named("p1", "guard")).toEqual([]);
    expect(named("p1p2", "guard")).toHaveLength(stores.length);
    expect(sidesOf(named("p1", "route"))).toEqual(new Set(["egress"]));
    expect(sidesOf([...named("p1", "header"), ...named("p1p2", "guard")])).toEqual(new Set(["either"]));
    expect(sidesOf(policies.get("mixed"))).toEqual(new Set(["egress", "ingress", "either"]));
    expect(policies.get("mixed")).toHaveLength(policies.get("p1")?.length ?? 0);
  });

  test("a guard admits those who call the store", () => {
    const services = ["a", "b", "store"].map((name) =>
      plainService(name, { entry: name === "a", protocol: name === "store" ? "tcp" : "http" }),
    );
    const calls = ["a b", "a store", "b store"].map((call) => {
      const [from = "", to = ""] = call.split(" ");
      return { from, to, rate: 1 };
    });
    const { sets } = policySets(plainMesh("guards", services, calls), 1);
    const text = sets.find(({ name }) => name === "p1p2")?.source.text ?? "";
    expect(text).toContain(`policy guard-0 (
    act (Connection connection)
    context ('. -> store')
) {
    Allow(connection, "a", "store");
    Allow(connection, "b", "store");
}
`);
  });

  test("equal seeds draw equal policies, and other ones others", () => {
    const texts = (seed: number) => policySets(large, seed).sets.map(({ source }) => source.text);
    expect(texts(7)).toEqual(texts(7));
    expect(texts(7)[0]).not.toBe(texts(8)[0]);
    expect(texts(7)[2]).not.toBe(texts(8)[2]);
  });

  test("where nothing is called but stores there is nothing for P1, and alone nothing at all", () => {
    const services = [plainService("a", { entry: true }), plainService("store", { protocol: "tcp" })];
    const call = { from: "a", to: "store", rate: 1 };
    const sets = (mesh: Mesh) => policySets(mesh, 1).sets.map(({ name, policies }) => `${name} ${policies}`);
    expect(sets(plainMesh("stores", services, [call]))).toEqual(["p1p2 1"]);
    expect(sets(plainMesh("alone", services.slice(0, 1), []))).toEqual([]);
  });

  test("routed services have two versions, and as many replicas as before where these are two", () => {
    const { mesh } = policySets(large, 1);
    const versioned = [...mesh.services.values()].filter(({ versions }) => versions.size > 0);
    expect(versioned.length).toBeGreaterThan(5);
    for (const { name, versions, replicas } of versioned) {
      const all = [...versions.values()].reduce((sum, version) => sum + version.replicas, 0);
      expect(all).toBe(replicas);
      expect(replicas).toBe(Math.max(2, large.services.get(name)?.replicas ?? 0));
    }
  });

  test("whatever the application, its policies are right and have a cheapest placement", async () => {
    const application = fc.oneof(
      fc.nat().map((seed) => generateApplication({ seed })),
      fc.record({ seed: fc.nat(), services: fc.integer({ min: 10, max: 60 }) }).map(generateApplication),
      fc.nat().map((seed) => generateAlibaba({ seed, services: 40 })),
    );
    await fc.assert(
      fc.asyncProperty(application, fc.nat(), async (mesh, seed) => {
        const sets = policySets(mesh, seed);
        for (const [, policies] of checked(sets)) {
          const { placement, diagnostics } = await place(policies, sets.mesh, { dataplanes, timeLimitS: 60 });
          expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
          expect(placement?.status).toBe("optimal");
        }
      }),
      { numRuns: 60 },
    );
  });
});
