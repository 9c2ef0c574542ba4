import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkPolicies } from "../../language/check-policies.ts";
import { generateAlibaba } from "../../mesh/generate-alibaba.ts";
import { plainMesh, plainService } from "../../mesh/suite.ts";
import type { AlibabaCall } from "../../mesh/traces/alibaba-rows.ts";
import { place } from "../../placement/solve.ts";
import { type Application, applicationMesh } from "./application-mesh.ts";
import { createApplicationFinder } from "./find-applications.ts";
import { type Measured, measureApplication } from "./measure-application.ts";

async function measured(application: Application): Promise<readonly Measured[]> {
  let time = 0;
  const found: Measured[] = [];
  const options = { timeLimitS: 60, now: () => time++ };
  for await (const each of measureApplication(application, options)) found.push(each);
  return found;
}

describe("measureApplication", () => {
  test("counts services and replicas, and who of them is without a proxy", async () => {
    const services = [
      plainService("entry", { entry: true, replicas: 3 }),
      plainService("middle", { replicas: 20 }),
      plainService("leaf", { replicas: 10 }),
      plainService("store", { protocol: "tcp", replicas: 5 }),
    ];
    const calls = ["entry middle", "middle leaf", "middle store"].map((call) => {
      const [from = "", to = ""] = call.split(" ");
      return { from, to, rate: 1 };
    });
    const mesh = plainMesh("four", services, calls);
    const all = await measured({ name: "four", mesh, requests: 12, drawnReplicas: 1, seed: 1 });
    expect(all.map(({ set }) => set)).toEqual(["p1", "p1p2", "mixed"]);
    for (const each of all) {
      expect(each).toMatchObject({
        ...{ kind: "placement", application: "four", requests: 12, drawnReplicas: 1, ms: 1 },
        ...{ services: 4, replicas: 38, calls: 3, leaves: 2, leafReplicas: 15, status: "optimal" },
      });
      expect((each.proxies ?? 0) + (each.servicesWithout ?? 0)).toBe(4);
    }
    // Two policies, both for one call or two; the store is guarded where its caller has a proxy anyway, or by a cheaper one.
    const [p1, p1p2] = all;
    expect(p1).toMatchObject({ policies: 2, tcpProxies: 0 });
    expect(p1p2).toMatchObject({ policies: 3 });
    expect(p1p2?.replicasWithout).toBeLessThanOrEqual(p1?.replicasWithout ?? 0);
  });

  test("a store is guarded by a proxy that only passes connections on, where that is the cheapest", async () => {
    const services = [
      plainService("entry", { entry: true, replicas: 9 }),
      plainService("store", { protocol: "tcp", replicas: 2 }),
    ];
    const mesh = plainMesh("two", services, [{ from: "entry", to: "store", rate: 1 }]);
    const application = { name: "two", mesh, requests: null, drawnReplicas: 0, seed: 1 };
    expect(await measured(application)).toMatchObject([
      { set: "p1p2", proxies: 1, tcpProxies: 1, servicesWithout: 1, replicasWithout: 9 },
    ]);
  });

  test.each([
    { who: "callers alone", heading: "    [Egress]\n", services: 0.39, replicas: 0.24 },
    { who: "the cheaper side", heading: "", services: 0.46, replicas: 0.69 },
  ])(
    "in one mesh of theirs, where $who enforce a policy for each call, $services of services and $replicas of replicas are without",
    async ({ heading, ...expected }) => {
      const mesh = generateAlibaba({ seed: 1, services: 2000 });
      const text = `policy all (\n    act (Connection call)\n    context ('. -> .')\n) {\n${heading}    Count(call, "calls");\n}\n`;
      const { policies } = checkPolicies([{ path: "all.cup", text }], mesh);
      const { placement } = await place(policies, mesh, { timeLimitS: 60 });
      expect(placement?.status).toBe("optimal");
      const having = new Set(placement?.proxies.map(({ service }) => service));
      const services = [...mesh.services.values()];
      const replicas = (list: typeof services) => list.reduce((sum, each) => sum + each.replicas, 0);
      const without = services.filter(({ name }) => !having.has(name));
      expect(Math.abs(without.length / services.length - expected.services)).toBeLessThan(0.02);
      expect(Math.abs(replicas(without) / replicas(services) - expected.replicas)).toBeLessThan(0.03);
    },
  );

  test("whatever rows there are, what is found in them can be placed", async () => {
    const name = fc.constantFrom(..."abcdefgh");
    const call: fc.Arbitrary<AlibabaCall> = fc.record({
      from: name,
      to: name,
      protocol: fc.constantFrom("grpc", "http", "tcp"),
      witness: fc.constantFrom("caller", "callee"),
      atMs: fc.constant(0),
      ...{
        fromInstance: fc.constant(undefined),
        toInstance: fc.constant(undefined),
        service: fc.constant(undefined),
      },
      trace: fc.constantFrom("1", "2", "3"),
      depth: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 5, maxLength: 40 }), fc.nat(), async (calls, seed) => {
        const finder = createApplicationFinder();
        for (const each of calls) finder.add(each);
        for (const found of finder.finish().applications)
          for (const { status, servicesWithout, services } of await measured(applicationMesh(found, seed))) {
            expect(status).toBe("optimal");
            expect(servicesWithout).toBeLessThan(services);
          }
      }),
      { numRuns: 300 },
    );
  });
});
