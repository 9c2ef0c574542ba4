import fc from "fast-check";
import { expect, test } from "vitest";
import { declaredDataplanes } from "../language/check-imports.ts";
import { checkPolicies } from "../language/check-policies.ts";
import { measuredCosts } from "../language/measured-costs.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { amountsOf } from "./amounts.ts";
import { milliForMib, type PricedDataplane, priced } from "./priced.ts";
import { place } from "./solve.ts";

function dataplanes(text: string, prices?: Mesh["prices"]): readonly PricedDataplane[] {
  return priced(declaredDataplanes([{ path: "a.cui", text }]), prices);
}

test("without units a cost is as it is written, 1 where nothing is, and nothing else is added", () => {
  const [a, b] = dataplanes(
    "dataplane a\ncost: 10\nact Request {\n  action SetHeader(self, const header name, string value) cost 0.5\n}\n---\ndataplane b",
  );
  expect(a).toEqual({
    name: "a",
    cost: 10,
    actions: expect.arrayContaining(["Request.SetHeader", "RPCRequest.SetHeader"]),
    sides: {},
    actionCosts: { "Request.SetHeader": 0.5, "RPCRequest.SetHeader": 0.5 },
  });
  expect(b).toMatchObject({ cost: 1, actionCosts: {} });
});

test("in units a cost is in thousandths of a CPU, with memory at its price", () => {
  const text =
    "dataplane a\ncost: { cpu: 20mCPU, memory: 512MiB, request: 40us }\nact Request {\n  action SetHeader(self, const header name, string value) cost 1.2us\n}";
  const [a] = dataplanes(text, { cpu: 8, memory: 1 });
  expect(a?.cost).toBeCloseTo(20 + 512 * (1000 / 8 / 1024), 9);
  expect(a?.requestCost).toBeCloseTo(0.04, 12);
  expect(a?.actionCosts?.["Request.SetHeader"]).toBeCloseTo(0.0012, 12);
  // The default: a GiB is worth about 134 thousandths of a CPU.
  const [atDefault] = dataplanes(text);
  expect(atDefault?.cost).toBeCloseTo(20 + 512 * ((0.004237 / 0.031611) * (1000 / 1024)), 9);
});

test("what is not said is what was measured, of all data planes as soon as one has units", () => {
  const [a, b, c] = dataplanes(
    'import "standard.cui"; dataplane a\ncost: { cpu: 20mCPU }\n---\nimport "standard.cui"; dataplane b\n---\nimport "standard.cui"; dataplane c\ncost: {}',
  );
  expect(a?.amounts).toEqual({ ...measuredCosts.proxy, cpuMilli: 20 });
  expect(b).toEqual({ ...c, name: "b" });
  expect(b?.amounts).toEqual(measuredCosts.proxy);
  expect(b?.actionCosts?.["Request.SetHeader"]).toBe(
    (measuredCosts.actionNs["Request.SetHeader"] ?? Number.NaN) / 1_000_000,
  );
});

test("what proxies take together, at these prices, is what the placement costs", async () => {
  const { policies } = checkPolicies([
    {
      path: "p.cup",
      text:
        policy("mark", "a -> b") +
        policy("note", "b -> c") +
        policy("all", ".* -> c") +
        // By way of `b`, which only a stamp can tell.
        policy("late", "b -> c -> d"),
    },
  ]);
  const rate = fc.integer({ min: 0, max: 5000 });
  const amount = fc.integer({ min: 0, max: 2000 });
  const setting = fc.record({
    rates: fc.tuple(rate, rate, rate, rate),
    amounts: fc.tuple(amount, amount, amount, amount),
  });
  await fc.assert(
    fc.asyncProperty(setting, async ({ rates: [ab, bc, ac, cd], amounts: [cpu, memory, request, stamp] }) => {
      const { mesh } = fromYaml({
        path: "mesh.yaml",
        text: `name: m\nidentity: address\nprices: { cpu: 5, memory: 3 }\nservices: { a: { entry: true, replicas: 2 }, b: { replicas: 3 }, c: {}, d: {} }\ncalls: { a: [{ to: b, rate: ${ab} }, { to: c, rate: ${ac} }], b: [{ to: c, rate: ${bc} }], c: [{ to: d, rate: ${cd} }] }`,
      });
      if (mesh === undefined) throw new Error("the mesh is right");
      const all = dataplanes(
        `import "standard.cui"; dataplane x cost: { cpu: ${cpu}mCPU, memory: ${memory}MiB, request: ${request}ns, stamp: ${stamp}us, check: 3us }\n---\nimport "standard.cui"; dataplane y cost: { cpu: 30mCPU }`,
        mesh.prices,
      );
      const { placement } = await place(policies, mesh, { dataplanes: all });
      const total = placement && amountsOf(placement, policies, { mesh, dataplanes: all });
      if (placement === undefined || total === undefined) throw new Error("it can be placed");
      expect(placement.cost).toBeCloseTo(
        total.cpuMilli + total.memoryMib * milliForMib({ cpu: 5, memory: 3 }),
        4,
      );
    }),
    { numRuns: 40 },
  );
});

test("a proxy goes where fewer requests pass it", async () => {
  const { policies } = checkPolicies([{ path: "p.cup", text: policy("mark", "a -> b") }]);
  const { mesh } = fromYaml({
    path: "mesh.yaml",
    text: "name: m\nidentity: address\nservices: { a: { entry: true, replicas: 3 }, b: {}, c: {} }\ncalls: { a: [b], b: [{ to: c, rate: 900 }] }\n",
  });
  if (mesh === undefined) throw new Error("the mesh is right");
  const placedAt = async (request: string): Promise<readonly string[]> => {
    const all = dataplanes(
      `import "standard.cui"; dataplane x cost: { cpu: 10mCPU, memory: 0MiB, request: ${request} }`,
    );
    const { placement } = await place(policies, mesh, { dataplanes: all });
    return placement?.proxies.map(({ service }) => service) ?? [];
  };
  // Three proxies at `a` cost 20 more than one at `b`, which 900 requests a second pass.
  expect(await placedAt("20us")).toEqual(["b"]);
  expect(await placedAt("25us")).toEqual(["a"]);
});

test("amounts are there where costs have units only", async () => {
  const { mesh } = fromYaml({
    path: "mesh.yaml",
    text: "name: m\nservices: { a: { entry: true }, b: {} }\ncalls: { a: [b] }",
  });
  if (mesh === undefined) throw new Error("the mesh is right");
  const { policies } = checkPolicies([{ path: "p.cup", text: policy("mark", "a -> b") }]);
  const all = dataplanes('import "standard.cui"; dataplane x cost: 3');
  const { placement } = await place(policies, mesh, { dataplanes: all });
  expect(placement?.cost).toBe(3);
  expect(placement && amountsOf(placement, policies, { mesh, dataplanes: all })).toBeUndefined();
});

function policy(name: string, context: string): string {
  return `policy ${name} ( act (Request request) context ('${context}') ) { SetHeader(request, "${name}", "yes"); }\n---\n`;
}
