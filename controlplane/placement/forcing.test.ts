import fc from "fast-check";
import { expect, test } from "vitest";
import { declaredDataplanes } from "../language/check-imports.ts";
import { checkPolicies } from "../language/check-policies.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import { generateSeedFamily } from "../mesh/generate-seed-family.ts";
import { applyChange, changesOf } from "./changes.ts";
import { compare } from "./compare.ts";
import { explainPolicy, explainProxy } from "./explain.ts";
import { forcingOf, withoutProxy } from "./forcing.ts";
import type { Network } from "./network.ts";
import { partOf } from "./part-of.ts";
import { placementNetwork } from "./placement-network.ts";
import { priced } from "./priced.ts";
import { type Problem, problem, unitsOf } from "./problem.ts";
import { meshText, policySources, randomCases } from "./random-cases.test-helper.ts";
import { leastOf } from "./random-networks.test-helper.ts";
import { seatsOf } from "./seats.ts";
import { place } from "./solve.ts";

/** What is asked here is small. */
const timeLimitS = 10;

/** More than these take too long to try all of. */
const unitsMax = 8;
const assignmentsMax = 20_000;

function assignments({ width, size }: Network): number {
  return width ** size;
}

/** By trying everything: whether these units alone have no cheapest placement without a proxy on the service; undefined when there is too much to try. */
function isForced(model: Problem, service: string, units: ReadonlySet<number>): boolean | undefined {
  const part = partOf(model, units);
  const place = part.services.findIndex(({ name }) => name === service);
  if (place < 0) return false;
  const { network } = placementNetwork(part, seatsOf(part, undefined));
  if (assignments(network) > assignmentsMax) return undefined;
  const best = leastOf(network)?.cost;
  const without = leastOf(withoutProxy(network, place))?.cost;
  return best !== undefined && (without === undefined || without > best);
}

function* subsets(all: readonly number[]): Generator<ReadonlySet<number>> {
  for (let mask = 0; mask < 2 ** all.length; mask++)
    yield new Set(all.filter((_, bit) => ((mask >> bit) & 1) === 1));
}

test("what is said to force a proxy does, and nothing smaller; where nothing is said, none is needed", {
  timeout: 120_000,
}, async () => {
  const counts = { forced: 0, free: 0, decisive: 0, backed: 0 };
  await fc.assert(
    fc.asyncProperty(randomCases, async (drawn) => {
      const { mesh } = fromYaml(
        { path: "mesh.yaml", text: meshText(drawn.mesh) },
        drawn.dataplanes.map(({ name }) => name),
      );
      if (mesh === undefined) throw new Error("the mesh has errors");
      const { policies } = checkPolicies(policySources(drawn.policies), mesh);
      const { placement } = await place(policies, mesh, { dataplanes: drawn.dataplanes });
      fc.pre(placement !== undefined);
      const model = problem(policies, mesh, drawn.dataplanes);
      const units = [...unitsOf(model)];
      fc.pre(units.length <= unitsMax);
      for (const proxy of placement?.proxies ?? []) {
        const { service } = proxy;
        const need = await forcingOf(model, proxy, timeLimitS);
        expect(need.kind).not.toBe("undecided");
        const forcing = need.kind === "forced" ? need.forcing : undefined;
        // A reading of its own of whether it is needed: the whole mesh, with no proxy allowed there.
        const never = new Map(mesh.services);
        const pinned = never.get(service);
        if (pinned !== undefined) never.set(service, { ...pinned, proxy: "never" });
        const without = await place(policies, { ...mesh, services: never }, { dataplanes: drawn.dataplanes });
        expect(forcing === undefined).toBe(without.placement?.cost === placement?.cost);
        // What has to be stamped is in no network of these units alone; the whole mesh has said whether the proxy is needed.
        if (units.some(({ demand: { asks } }) => asks.egress || asks.ingress)) continue;
        const all = isForced(model, service, new Set(units.keys()));
        if (all === undefined) continue;
        expect(forcing !== undefined).toBe(all);
        counts[all ? "forced" : "free"]++;
        if (forcing === undefined) continue;
        const own = new Set(
          units.flatMap((unit, number) =>
            forcing.units.some(({ call, demand }) => call === unit.call && demand === unit.demand)
              ? [number]
              : [],
          ),
        );
        expect(own.size).toBe(forcing.units.length);
        expect(isForced(model, service, own)).toBe(true);
        expect(forcing.size).not.toBe("enough");
        const withoutPolicies = (numbers: ReadonlySet<number>): ReadonlySet<number> => {
          const policies = new Set([...numbers].map((number) => units[number]?.demand.policy));
          return new Set([...units.keys()].filter((number) => !policies.has(units[number]?.demand.policy)));
        };
        const isDecisive = isForced(model, service, withoutPolicies(own)) === false;
        if (forcing.size === "smallest") {
          for (const some of subsets([...units.keys()])) {
            if (some.size < own.size) expect(isForced(model, service, some)).toBe(false);
            // Of as few, those are taken that nothing else stands behind.
            if (some.size === own.size && !isDecisive && isForced(model, service, some) === true)
              expect(isForced(model, service, withoutPolicies(some))).toBe(true);
          }
        } else {
          for (const number of own)
            expect(isForced(model, service, new Set([...own].filter((other) => other !== number)))).toBe(
              false,
            );
        }
        counts[isDecisive ? "decisive" : "backed"]++;
      }
    }),
    { numRuns: 150 },
  );
  expect(counts.forced).toBeGreaterThan(20);
});

test("a change is said to free a proxy if and only if it does", { timeout: 120_000 }, async () => {
  const counts = { frees: 0, keeps: 0 };
  await fc.assert(
    fc.asyncProperty(randomCases, async (drawn) => {
      const { dataplanes } = drawn;
      const { mesh } = fromYaml(
        { path: "mesh.yaml", text: meshText(drawn.mesh) },
        dataplanes.map(({ name }) => name),
      );
      if (mesh === undefined) throw new Error("the mesh has errors");
      const { policies } = checkPolicies(policySources(drawn.policies), mesh);
      const { placement } = await place(policies, mesh, { dataplanes });
      fc.pre(placement !== undefined);
      const input = { policies, mesh };
      const all = changesOf(input, {
        services: new Set(mesh.services.keys()),
        policies: new Set(policies.map(({ name }) => name)),
      });
      for (const proxy of placement?.proxies ?? []) {
        if (placement === undefined) continue;
        const { need, freeing } = await explainProxy(proxy, placement, { input, dataplanes, timeLimitS });
        if (need.kind !== "forced") continue;
        expect(freeing.isComplete).toBe(true);
        const free = [];
        for (const change of all) {
          const changed = applyChange(input, change);
          const services = new Map(changed.mesh.services);
          const service = services.get(proxy.service);
          if (service !== undefined) services.set(proxy.service, { ...service, proxy: "never" });
          const best = await place(changed.policies, changed.mesh, { dataplanes });
          const without = await place(changed.policies, { ...changed.mesh, services }, { dataplanes });
          const isFree = best.placement !== undefined && without.placement?.cost === best.placement.cost;
          if (isFree) free.push({ change, cost: best.placement.cost });
          counts[isFree ? "frees" : "keeps"]++;
        }
        const gentle = free.filter(({ change }) => change.kind !== "remove");
        const told = gentle.length > 0 ? gentle : free;
        expect(freeing.found).toEqual(told.toSorted((a, b) => a.cost - b.cost));
      }
    }),
    { numRuns: 150 },
  );
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(20);
});

test("without time to prove them, no need is claimed that is none, and none is denied", async () => {
  const counts = { forced: 0, free: 0, undecided: 0 };
  for (const seed of [0, 1, 2, 3]) {
    const { mesh, sources } = generateSeedFamily({ size: "small", pinned: "nothing", seed });
    const dataplanes = priced(declaredDataplanes(sources));
    const { policies } = checkPolicies(sources, mesh);
    const { placement } = await place(policies, mesh, { dataplanes });
    const model = problem(policies, mesh, dataplanes);
    for (const proxy of placement?.proxies ?? []) {
      const hurried = await forcingOf(model, proxy, 0);
      counts[hurried.kind]++;
      if (hurried.kind === "undecided") continue;
      const services = new Map(mesh.services);
      const service = services.get(proxy.service);
      if (service !== undefined) services.set(proxy.service, { ...service, proxy: "never" });
      const without = await place(policies, { ...mesh, services }, { dataplanes });
      expect(hurried.kind).toBe(without.placement?.cost === placement?.cost ? "free" : "forced");
    }
  }
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(0);
});

const text = `name: m
identity: address
services: { a: { entry: true }, b: {}, c: {}, d: { proxy: never } }
calls: { a: [b, c], b: [d] }
`;

function read(policiesText: string, mesh = fromYaml({ path: "mesh.yaml", text }).mesh) {
  if (mesh === undefined) throw new Error("the mesh has errors");
  const { policies, diagnostics } = checkPolicies([{ path: "p.cup", text: policiesText }], mesh);
  expect(diagnostics).toEqual([]);
  return { policies, mesh };
}

const header = (name: string, context: string, heading = ""): string =>
  `policy ${name} ( act (Request r) context ('${context}') ) { ${heading} SetHeader(r, "x-${name}", "1"); }\n`;
const dataplanes = [{ name: "envoy", cost: 1, actions: "all" }] as const;

test("a proxy is freed by the gentlest change that does it", async () => {
  const input = read(header("p", "b -> d") + header("q", "a -> [b, c]"));
  const { placement } = await place(input.policies, input.mesh, { dataplanes });
  expect(placement?.proxies.map(({ service }) => service)).toEqual(["b", "c"]);
  if (placement === undefined) throw new Error("nothing was placed");
  const said = [];
  for (const proxy of placement.proxies) {
    const { need, freeing } = await explainProxy(proxy, placement, { input, dataplanes, timeLimitS });
    const forcing = need.kind === "forced" ? need.forcing : undefined;
    said.push({
      because: forcing?.units.map(({ demand, call }) => `${demand.policy.name} ${call.from} ${call.to}`),
      without: forcing?.without,
      freeing: freeing.found,
    });
  }
  expect(said).toEqual([
    {
      because: ["p b d"],
      without: undefined,
      freeing: [{ change: { kind: "unpin", service: "d" }, cost: 2 }],
    },
    // `b` has a proxy anyway, and the call to `c` can be served at either end.
    { because: undefined, without: undefined, freeing: [] },
  ]);
});

test("a policy's calls are told with what its proxy has to look at, and what it costs", async () => {
  const twice =
    "policy r ( act (Request r) context ('b -> d') ) { Count(r, 'c'); [Egress] SetRetries(r, 3); }";
  const input = read(header("p", "a -> b", "[Ingress]") + header("q", "a -> c", "[Egress]") + twice);
  const { placement } = await place(input.policies, input.mesh, { dataplanes });
  if (placement === undefined) throw new Error("no placement");
  const of = (name: string) => explainPolicy(name, placement, { input, dataplanes, timeLimitS });
  expect(await of("p")).toEqual({
    policy: "p",
    calls: [{ from: "a", to: "b", side: "ingress", check: "none", byPath: false }],
    without: { cost: 2, bound: 2 },
  });
  expect(await of("q")).toEqual({
    policy: "q",
    calls: [{ from: "a", to: "c", side: "egress", check: "call", byPath: false }],
    without: { cost: 1, bound: 1 },
  });
  // Both of its sections are there.
  expect((await of("r")).calls).toEqual([
    { from: "b", to: "d", side: "egress", check: "none", byPath: false },
  ]);
});

test("two placements differ by the proxies and sides that changed", async () => {
  const { policies, mesh } = read(header("p", "a -> b"));
  const before = (await place(policies, mesh, { dataplanes })).placement;
  const pinned = read(header("p", "a -> b"), {
    ...mesh,
    services: new Map(
      [...mesh.services].map(([name, each]) => [name, name === "a" ? { ...each, proxy: "never" } : each]),
    ),
  });
  const after = (await place(pinned.policies, pinned.mesh, { dataplanes })).placement;
  if (before === undefined || after === undefined) throw new Error("no placement");
  expect(compare(before, after)).toEqual({
    cost: { before: 1, after: 1 },
    bound: { before: 1, after: 1 },
    status: { before: "optimal", after: "optimal" },
    proxies: [
      { service: "a", before: "envoy" },
      { service: "b", after: "envoy" },
    ],
    policies: [{ policy: "p", call: ["a", "b"], before: "egress", after: "ingress" }],
  });
  expect(compare(before, before)).toMatchObject({ proxies: [], policies: [] });
});

test("of policies that would each force a proxy, the one is to blame that no other stands behind", async () => {
  const { mesh } = fromYaml(
    {
      path: "mesh.yaml",
      text: `name: m
identity: address
services: { f: { entry: true }, w: { replicas: 2, proxy: plain }, x: { replicas: 2 }, s: {}, t: {} }
calls: { f: [w, x], w: [{ to: s, rate: 10 }, t], x: [s, t] }
`,
    },
    ["plain", "quick"],
  );
  const interfaces = [0.01, 0].map(
    (cost, index) => `dataplane ${["plain", "quick"][index]}
cost: 1
act Request { action SetHeader(self, const header name, string value) cost ${cost}, }
`,
  );
  const sources = [
    { path: "d.cui", text: interfaces.join("---\n") },
    {
      path: "p.cup",
      text:
        header("a", "w -> s") + header("b", "[w, x] -> t", "[Egress]") + header("c", "x -> s", "[Ingress]"),
    },
  ];
  if (mesh === undefined) throw new Error("the mesh has errors");
  const { policies, diagnostics } = checkPolicies(sources, mesh);
  expect(diagnostics).toEqual([]);
  const dataplanes = priced(declaredDataplanes(sources));
  const { placement } = await place(policies, mesh, { dataplanes });
  const proxy = placement?.proxies.find(({ service }) => service === "s");
  if (placement === undefined || proxy === undefined) throw new Error("s has no proxy");
  const { need, freeing } = await explainProxy(proxy, placement, {
    input: { policies, mesh },
    dataplanes,
    timeLimitS,
  });
  // `a` alone would force it too, `w` having two replicas; but `w` has a proxy for `b` anyway.
  const units = need.kind === "forced" ? need.forcing.units : [];
  expect(units.map(({ demand, call }) => `${demand.policy.name} ${call.from}`)).toEqual(["c x"]);
  expect(freeing).toEqual({
    found: [{ change: { kind: "unhead", policy: "c", side: "ingress" }, cost: expect.closeTo(4.11) }],
    isComplete: true,
    untried: 0,
  });
});

test("what forces a proxy may be enforced elsewhere", async () => {
  const { mesh } = fromYaml({
    path: "mesh.yaml",
    text: `name: m
identity: address
services: { f: { entry: true }, w: { replicas: 2 }, x: {}, y: {}, s: {}, t: {} }
calls: { f: [w, x, y], w: [s, t], x: [s], y: [s] }
`,
  });
  const input = read(
    header("a", "x -> s") + header("b", "y -> s") + header("c", "w -> s") + header("d", "w -> t", "[Egress]"),
    mesh,
  );
  const { placement } = await place(input.policies, input.mesh, { dataplanes });
  const proxy = placement?.proxies.find(({ service }) => service === "s");
  if (placement === undefined || proxy === undefined) throw new Error("s has no proxy");
  expect(proxy.policies.map(({ policy }) => policy)).toEqual(["a", "b"]);
  const { need } = await explainProxy(proxy, placement, { input, dataplanes, timeLimitS });
  expect(need).toMatchObject({
    forcing: { units: [{ demand: { policy: { name: "c" } } }], size: "smallest" },
  });
});

test("a policy whose heading changes is the same policy", async () => {
  const placed = async (...headings: readonly string[]) => {
    const sections = headings.map((heading) => `${heading} SetHeader(r, "x-p", "1");`).join(" ");
    const { policies, mesh } = read(`policy p ( act (Request r) context ('a -> b') ) { ${sections} }\n`);
    const { placement } = await place(policies, mesh, { dataplanes });
    if (placement === undefined) throw new Error("no placement");
    return placement;
  };
  const [egress, ingress, either, both] = [
    await placed("[Egress]"),
    await placed("[Ingress]"),
    await placed(""),
    await placed("[Egress]", "[Ingress]"),
  ];
  expect(compare(ingress, egress).policies).toEqual([
    { policy: "p", call: ["a", "b"], before: "ingress", after: "egress" },
  ]);
  expect(either.proxies.map(({ service }) => service)).toEqual(["a"]);
  expect(compare(either, ingress).policies).toEqual([
    { policy: "p", call: ["a", "b"], before: "egress", after: "ingress" },
  ]);
  expect(compare(egress, either).policies).toEqual([]);
  expect(compare(both, either).policies).toEqual([{ policy: "p", call: ["a", "b"], before: "ingress" }]);
  expect(compare(either, both).policies).toEqual([{ policy: "p", call: ["a", "b"], after: "ingress" }]);
});

test("what others enforce anyway is not to blame, and what is can be taken away", async () => {
  const { mesh } = fromYaml({
    path: "mesh.yaml",
    text: `name: m
identity: address
services: { a: { entry: true }, b: { entry: true }, c: { entry: true }, d: { entry: true }, s: {}, x: {} }
calls: { a: [s, x], b: [s, x], c: [s], d: [s] }
`,
  });
  const input = read(
    header("q", "[a, b] -> x", "[Egress]") + header("t1", "[a, b] -> s") + header("t2", "[c, d] -> s"),
    mesh,
  );
  const { placement } = await place(input.policies, input.mesh, { dataplanes });
  const proxy = placement?.proxies.find(({ service }) => service === "s");
  if (placement === undefined || proxy === undefined) throw new Error("s has no proxy");
  const { need, freeing } = await explainProxy(proxy, placement, { input, dataplanes, timeLimitS });
  const units = need.kind === "forced" ? need.forcing.units : [];
  expect(units.map(({ demand, call }) => `${demand.policy.name} ${call.from}`)).toEqual(["t2 c", "t2 d"]);
  expect(freeing.found).toEqual([{ change: { kind: "remove", policy: "t2" }, cost: 2 }]);
});
