import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bodyOf } from "../language/body-of.test-helper.ts";
import { checkPolicies } from "../language/check-policies.ts";
import type { Context, Expression } from "../language/context.ts";
import { dataplanesMax } from "../language/offer.ts";
import type { CopperPolicy, Side, Statement } from "../language/policy.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import type { Mesh, Service } from "../mesh/mesh.ts";
import { type Dataplane, defaultDataplanes } from "./dataplane.ts";
import { explainPlacement } from "./explain.ts";
import { forcingOf } from "./forcing.ts";
import type { Placement } from "./placement.ts";
import { problem } from "./problem.ts";
import { type PlaceOptions, place } from "./solve.ts";

const span = { start: 0, end: 0 };
const source = { path: "test.cup", text: "" };
const names = (...listed: string[]) => listed.map((name) => ({ name, span }));
const any: Expression = { kind: "any", except: [], span };
const service = (name: string): Expression => ({ kind: "service", name, span });
const sequence = (...items: Expression[]): Context => ({
  anchored: false,
  expression: { kind: "sequence", items, span },
});
const setHeader = (name: string): readonly Statement[] => bodyOf(`SetHeader(r, "${name}", "v");`);

function policy(name: string, context: Context, options: Partial<CopperPolicy> = {}): CopperPolicy {
  return {
    kind: "copper",
    name,
    source,
    span,
    contextSpan: span,
    act: "Request",
    context,
    priority: 0,
    mode: "enforce",
    onLost: "skip",
    actions: ["SetHeader"],
    sections: [{ side: "either", body: setHeader(name) }],
    states: [],
    parameters: [],
    ...options,
  };
}

function meshOf(file: string): Mesh {
  const path = new URL(`../../examples/meshes/${file}.yaml`, import.meta.url);
  const { mesh, diagnostics } = fromYaml({ path: file, text: readFileSync(path, "utf8") });
  if (mesh === undefined) throw new Error(JSON.stringify(diagnostics));
  return mesh;
}

function withServices(mesh: Mesh, change: (service: Service) => Service): Mesh {
  return {
    ...mesh,
    services: new Map(
      [...mesh.services].map(([name, value]) => [
        name,
        { ...change(value), replicas: 1, versions: new Map() },
      ]),
    ),
  };
}

describe("known optima (design §8)", () => {
  test.each([
    ["hotel-reservation", 2, 9, 2, 10],
    ["social-network", 5, 9, 7, 11],
    ["online-boutique", 3, 4, 3, 4],
    ["bookinfo", 2, 2, 2, 2],
  ])("%s", async (file, services, all, callers, callersAll) => {
    const plain = withServices(meshOf(file), (value) => value);
    const http = withServices(plain, (value) => ({ ...value, protocol: "http" }));
    // Two services: a call inside the mesh, never one from outside.
    const everyCall = sequence(any, any);
    const costs = async (side: Side, mesh: Mesh) => {
      const placed = await place(
        [policy("p", everyCall, { sections: [{ side, body: setHeader("p") }] })],
        mesh,
      );
      return placed.placement?.cost;
    };
    expect(await costs("either", plain)).toBe(services);
    expect(await costs("either", http)).toBe(all);
    expect(await costs("egress", plain)).toBe(callers);
    expect(await costs("egress", http)).toBe(callersAll);
  });
});

test("the example policy puts one proxy where its heading asks for it, and says so", async () => {
  const mesh = meshOf("hotel-reservation");
  const hot = policy(
    "hot-path",
    sequence(
      service("frontend"),
      { kind: "repeat", item: any, min: 0, max: "infinity", span },
      { kind: "set", names: names("rate", "geo"), span },
    ),
    {
      sections: [{ side: "ingress", body: setHeader("critical") }],
    },
  );
  const { placement, diagnostics } = await place([hot], mesh);
  expect(diagnostics).toEqual([]);
  expect(placement?.proxies.map((proxy) => proxy.service)).toEqual(["geo", "rate"]);
  expect(placement === undefined ? [] : explainPlacement(placement, [hot], mesh)).toEqual([
    "geo: hot-path at ingress for search -> geo (its heading asks for ingress)",
    "rate: hot-path at ingress for search -> rate (its heading asks for ingress)",
  ]);
});

function small(options: {
  readonly size: number;
  readonly edges: readonly (readonly [number, number])[];
  readonly identity?: Mesh["identity"];
  readonly never?: ReadonlySet<number>;
  readonly replicas?: readonly number[];
}): Mesh {
  const ids = Array.from({ length: options.size }, (_, index) => `s${index}`);
  return {
    name: "small",
    identity: options.identity ?? "address",
    stateHeader: "tracestate",
    services: new Map(
      ids.map((name, index) => [
        name,
        {
          name,
          entry: index === 0,
          origin: false,
          protocol: "http",
          port: 8080,
          replicas: options.replicas?.[index] ?? 1,
          versions: new Map(),
          proxy: options.never?.has(index) === true ? "never" : "any",
          endpoints: [],
        },
      ]),
    ),
    calls: options.edges.map(([from, to]) => ({ from: `s${from}`, to: `s${to}`, rate: 1 })),
  };
}

/** Two ways lead to `s2`, one of them by `s1`. */
const detour = small({
  size: 4,
  edges: [
    [0, 1],
    [0, 2],
    [1, 2],
    [2, 3],
  ],
});

test("where paths decide, services stamp, and it is said which two paths their stamps tell apart", async () => {
  const policies = [policy("p", sequence(service("s1"), service("s2"), service("s3")))];
  const { placement } = await place(policies, detour);
  if (placement === undefined) throw new Error("there is a placement");
  expect(explainPlacement(placement, policies, detour)).toEqual([
    "s0: paths of requests begin here",
    "s1: its stamp tells s0 -> s1 -> s2 -> s3, which p is for, from s0 -> s2 -> s3",
    "s2: p at egress for s2 -> s3 (cheapest side)",
  ]);
  for (const proxy of placement.proxies) {
    const need = await forcingOf(problem(policies, detour, defaultDataplanes), proxy, 10);
    expect(need.kind === "forced" && need.forcing.units.map(({ call }) => `${call.from}>${call.to}`)).toEqual(
      proxy.service === "s2" ? false : ["s2>s3"],
    );
  }
});

test("a service that stamped before and need not any more stops, though it costs nothing", async () => {
  const text = `name: m\nidentity: address\nservices: { a: { entry: true }, b: {}, c: {}, d: {} }
calls: { a: [b, d], b: [c], c: [b], d: [c] }\n`;
  const { mesh } = fromYaml({ path: "mesh.yaml", text });
  assert(mesh !== undefined, "the mesh has no errors");
  const cup = "policy p ( act (Request r) context ('c -> [^c]* -> .') ) { [Egress] SetHeader(r, 'x', '1'); }";
  const { policies } = checkPolicies([{ path: "p.cup", text: cup }], mesh);
  const { placement } = await place(policies, mesh);
  assert(placement !== undefined, "it can be placed");
  const stamping = (all: Placement | undefined) =>
    all?.proxies.filter(({ stamps }) => stamps).map(({ service }) => service);
  const proxies = [...mesh.services.keys()].map((service) => {
    const own = placement.proxies.find((proxy) => proxy.service === service);
    return { service, dataplane: "envoy", policies: [], ...own, stamps: true };
  });
  const again = await place(policies, mesh, { previous: { ...placement, proxies } });
  expect(stamping(again.placement)).toEqual(["a", "c"]);
  expect(stamping(placement)).toEqual(["a", "c"]);
});

test("a proxy that comes outweighs new stamps, also where these are more than what is enforced", async () => {
  const text = `name: m\nidentity: address\nservices: { a: { entry: true, forwards: traceparent }, b: { replicas: 2 }, c: {}, e: {} }
calls: { a: [b, c], b: [e, a], c: [a] }\n`;
  const { mesh } = fromYaml({ path: "mesh.yaml", text });
  assert(mesh !== undefined, "the mesh has no errors");
  const cup = "policy p ( act (Request r) context ('a.*c.*e') ) { SetHeader(r, 'x', '1'); }";
  const { policies } = checkPolicies([{ path: "p.cup", text: cup }], mesh);
  const placed = { policy: "p", section: "either", side: "ingress", calls: [["b", "e"]] } as const;
  const previous = {
    ...({ status: "optimal", cost: 0, bound: 0, unmatched: [] } as const),
    proxies: [
      { service: "c", dataplane: "gone", stamps: true, policies: [] },
      { service: "e", dataplane: "gone", stamps: false, policies: [placed] },
    ],
  };
  const { placement } = await place(policies, mesh, { previous });
  // With as few moves but for proxies, `a`, `c` and `e` would have new ones.
  expect(placement?.proxies.map(({ service }) => service)).toEqual(["a", "b"]);
});

test("what only a callee's proxy would have to tell apart need not be where the callers' enforce the policy", async () => {
  const text = `name: m\nidentity: none\nservices: { web: { entry: true }, x: {}, a: {}, b: {}, d: {} }
calls: { web: [x, a, b], x: [a, b], a: [d], b: [d] }\n`;
  const { mesh } = fromYaml({ path: "mesh.yaml", text });
  assert(mesh !== undefined, "the mesh has no errors");
  const cup = `policy p ( act (Request r) context ('x -> a -> d') ) { SetHeader(r, 'x', '1'); }
policy q ( act (Request r) context ('. -> d') ) { [Ingress] SetHeader(r, 'y', '1'); }`;
  const { policies } = checkPolicies([{ path: "p.cup", text: cup }], mesh);
  const dataplanes = [{ name: "envoy", cost: 1, actions: "all", stampCost: 0.1 } as const];
  const { placement } = await place(policies, mesh, { dataplanes });
  const found = placement?.proxies.map(({ service, stamps, policies }) =>
    [service, ...(stamps ? ["stamps"] : []), ...policies.map(({ policy }) => policy)].join(" "),
  );
  // In front of `d` the stamp of `a` would have to say by whom it was called.
  expect(found).toEqual(["a p", "d q", "web stamps", "x stamps"]);
});

describe("a context that counts, where all services call each other", () => {
  const names = Array.from({ length: 20 }, (_, number) => `s${number}`);
  const callees = (name: string) => [...names, "t"].filter((other) => other !== name).join(", ");
  const services = names.map((name) => `  ${name}: ${name === "s0" ? "{ entry: true }" : "{}"}\n`).join("");
  const calls = names.map((name) => `  ${name}: [${callees(name)}]\n`).join("");
  const text = `name: crowd\nidentity: address\nservices:\n${services}  t: {}\ncalls:\n${calls}`;
  const placed = async (dots: number) => {
    const { mesh } = fromYaml({ path: "mesh.yaml", text });
    assert(mesh !== undefined, "the mesh has no errors");
    const context = ["s3", ...Array.from({ length: dots }, () => "."), "t"].join(" -> ");
    const source = {
      path: "p.cup",
      text: `policy p ( act (Request r) context ('${context}') ) { SetHeader(r, "x", "1"); }`,
    };
    const { placement, diagnostics } = await place(checkPolicies([source], mesh).policies, mesh);
    const marked = diagnostics.map(({ code, span }) => [code, source.text.slice(span.start, span.end)]);
    return { placement, marked, context };
  };

  test("has all of them stamp, which is found in few steps", async () => {
    const { placement, marked } = await placed(8);
    expect(marked).toEqual([]);
    expect(placement?.status).toBe("optimal");
    expect(placement?.proxies.filter(({ stamps }) => stamps)).toHaveLength(names.length);
  });

  test("is refused where too many steps would be", async () => {
    const { marked, context } = await placed(16);
    expect(marked).toEqual([["PLC0106", context]]);
  });
});

describe("where only paths decide and no stamp would tell", () => {
  const meshOf = (services: string, calls: string, identity = "address"): Mesh => {
    const text = `name: m\nidentity: ${identity}\nservices: ${services}\ncalls: ${calls}\n`;
    const { mesh } = fromYaml({ path: "mesh.yaml", text });
    if (mesh === undefined) throw new Error("the mesh has no errors");
    return mesh;
  };
  const calls = "{ a: [b, c], b: [c], c: [d] }";
  const said = async (mesh: Mesh, context: string): Promise<string | undefined> => {
    const text = `policy p ( act (Request r) context ('${context}') ) { SetHeader(r, 'x', '1'); }`;
    const { policies } = checkPolicies([{ path: "p.cup", text }], mesh);
    const { diagnostics } = await place(policies, mesh);
    return diagnostics.map(({ code, message }) => `${code} ${message.split(": only ")[1]}`)[0];
  };

  test.each([
    [
      "paths begin where no proxy can be",
      meshOf("{ a: { entry: true, proxy: never }, b: {}, c: {}, d: {} }", calls),
      "b -> c -> d",
      "PLC0101 the path of a request says whether it is for it, and paths begin at `a`, which has no proxy that could write where",
    ],
    [
      "paths look alike",
      meshOf("{ a: { entry: true }, b: { proxy: never }, c: {}, d: {} }", calls),
      "b -> c -> d",
      "PLC0101 the path of a request says whether it is for it: `a -> b -> c -> d` is, `a -> c -> d` is not, and they look alike to all services that can take a proxy",
    ],
    [
      "requests come over connections",
      meshOf("{ a: { entry: true }, b: { protocol: tcp }, c: {}, d: {} }", "{ a: [b, c], b: [c], c: [d] }"),
      "b -> c -> d",
      "PLC0101 the path of a request says whether it is for it, and requests come by way of `b`, over connections, which carry no headers",
    ],
    [
      "outside cannot be told from inside",
      meshOf("{ a: { entry: true }, b: {}, c: {}, d: {} }", "{ a: [b, c], b: [c, a], c: [d] }", "none"),
      "b -> c -> d",
      "PLC0101 the path of a request says whether it is for it, and the proxy of `a` cannot tell what comes from outside, where nobody is to be trusted, from what its callers send",
    ],
    [
      "versions of an origin are one",
      meshOf("{ a: { origin: true, versions: { v1: {}, v2: {} } }, c: {}, d: {} }", "{ a: [c], c: [d] }"),
      "a@v2 -> c -> d",
      "PLC0101 the path of a request says whether it is for it, and what `a` sends by itself does not say which of its versions did",
    ],
  ])("%s", async (_, mesh, context, message) => {
    expect(await said(mesh, context)).toBe(message);
  });
});

test("without identities, ingress that would touch another caller is refused", async () => {
  const mesh = small({
    size: 3,
    edges: [
      [0, 1],
      [0, 2],
      [1, 2],
    ],
    identity: "none",
  });
  const p = policy("p", sequence(service("s1"), service("s2")), {
    sections: [{ side: "ingress", body: setHeader("p") }],
  });
  const { diagnostics } = await place([p], mesh);
  expect(diagnostics.map((diagnostic) => diagnostic.code)).toEqual(["PLC0104"]);
});

test("among optima the last placement is kept", async () => {
  const mesh = small({ size: 2, edges: [[0, 1]] });
  const p = policy("p", sequence(service("s0"), service("s1")));
  const at = async (side: Side) =>
    (await place([{ ...p, sections: [{ side, body: setHeader("p") }] }], mesh)).placement;
  for (const [side, where] of [
    ["egress", "s0"],
    ["ingress", "s1"],
  ] as const) {
    const previous = await at(side);
    if (previous === undefined) throw new Error("no placement");
    const { placement } = await place([p], mesh, { previous });
    expect(placement?.proxies.map((proxy) => proxy.service)).toEqual([where]);
  }
});

test("what stands under no heading does not come after what its author wrote below it", async () => {
  const mesh = small({ size: 2, edges: [[0, 1]], never: new Set([0]) });
  const readFirst = bodyOf('if (GetHeader(r, "h") == "v") { Deny(r); }');
  const p = policy("p", sequence(service("s0"), service("s1")), {
    sections: [
      { side: "either", body: readFirst },
      { side: "egress", body: setHeader("h") },
    ],
  });
  const open = small({ size: 2, edges: [[0, 1]], replicas: [5, 1] });
  const { placement } = await place([p], open);
  expect(placement?.proxies.flatMap((proxy) => proxy.policies.map(({ section }) => section))).toEqual([
    "either",
    "egress",
  ]);
  expect((await place([p], mesh)).placement).toBeUndefined();
});

test("an audited policy stands in nobody's way", async () => {
  const mesh = small({ size: 2, edges: [[0, 1]] });
  const allows = (name: string, side: Side, mode: CopperPolicy["mode"]) =>
    policy(name, sequence(service("s0"), service("s1")), {
      mode,
      actions: ["Allow"],
      sections: [{ side, body: bodyOf("Allow(r);") }],
    });
  const enforced = [allows("a", "egress", "enforce"), allows("b", "ingress", "enforce")];
  expect((await place(enforced, mesh)).diagnostics.map(({ code }) => code)).toContain("PLC0103");
  const audited = [allows("a", "egress", "audit"), allows("b", "ingress", "enforce")];
  expect((await place(audited, mesh)).placement?.cost).toBe(2);
});

describe("a mesh that is large, or dear", () => {
  const header = (name: string, context: string, heading = "") =>
    `policy ${name} ( act (Request r) context ('${context}') ) { ${heading} SetHeader(r, "x-${name}", "1"); }\n`;

  async function placed(meshText: string, policies: string, options: PlaceOptions = {}) {
    const { mesh } = fromYaml({ path: "mesh.yaml", text: meshText });
    if (mesh === undefined) throw new Error("the mesh has errors");
    const checked = checkPolicies([{ path: "a.cup", text: policies }], mesh);
    return (await place(checked.policies, mesh, options)).placement;
  }

  test("a cost of thousands is not exceeded by one for the sake of fewer moves", async () => {
    const mesh = (a: number, b: number) =>
      `name: m\nidentity: address\nservices: {a: {entry: true, replicas: ${a}}, b: {replicas: ${b}}, c: {replicas: 20000}}\ncalls: {a: [b], b: [c]}\n`;
    const policies = header("p", ". -> .") + header("q", "b -> c", "[Ingress]");
    const before = await placed(mesh(20_000, 19_999), policies);
    const after = await placed(
      mesh(19_999, 20_000),
      policies,
      ...(before === undefined ? [] : [{ previous: before }]),
    );
    expect(after).toMatchObject({ status: "optimal", cost: 39_999, bound: 39_999 });
    expect(after?.proxies.map(({ service }) => service)).toEqual(["a", "c"]);
  });

  test("the last of as many data planes as there can be is taken, where it is the cheapest that will do", async () => {
    const dataplanes = Array.from({ length: dataplanesMax }, (_, number) => ({
      name: `kind${number}`,
      cost: dataplanesMax - number,
      actions: number % 2 === 0 ? [] : ["SetHeader"],
    }));
    const mesh =
      "name: m\nidentity: address\nservices: {a: {entry: true}, b: {replicas: 2}}\ncalls: {a: [b]}\n";
    const found = await placed(mesh, header("p", ". -> ."), { dataplanes });
    expect(found).toMatchObject({ cost: 1, proxies: [{ service: "a", dataplane: dataplanes.at(-1)?.name }] });
    await expect(placed(mesh, "", { dataplanes: [...dataplanes, ...dataplanes] })).rejects.toThrow(/fewer/);
  });

  test.each([1e-9, 0.1, 0.3, 1e9])("only the ratio of costs counts: %d", async (cost) => {
    const dataplanes = [{ name: "envoy", cost, actions: "all" as const }];
    const mesh =
      "name: m\nidentity: address\nservices: {a: {entry: true, replicas: 3}, b: {replicas: 20000}, c: {replicas: 2}}\ncalls: {a: [b], b: [c]}\n";
    const found = await placed(mesh, header("p", ". -> ."), { dataplanes });
    expect(found).toMatchObject({ status: "optimal", proxies: [{ service: "a" }, { service: "c" }] });
    expect(found?.cost).toBeCloseTo(5 * cost, 15);
    expect((found?.cost ?? 0) / cost).toBeCloseTo(5, 6);
  });

  /** Every call wants a policy at one of its ends, and nothing repeats: more than can be proved in a second. */
  const names = Array.from({ length: 200 }, (_, index) => `s${index}`);
  let seed = 1;
  const next = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed;
  };
  const calls = names.map((name, index) => {
    const callees = new Set([1, 2, 3, 4].map(() => next() % names.length).filter((to) => to !== index));
    return `  ${name}: [${[...callees].map((to) => `s${to}`).join(", ")}]\n`;
  });
  const services = names.map((name) => `  ${name}: { entry: true }\n`);
  const large = `name: m\nidentity: address\nservices:\n${services.join("")}calls:\n${calls.join("")}`;

  test("without time there is a placement all the same, with a bound", async () => {
    const hurried = await placed(large, header("p", ". -> ."), { timeLimitS: 0 });
    expect(hurried?.status).toBe("feasible");
    const calls = hurried?.proxies.flatMap(({ policies }) => policies.flatMap((policy) => policy.calls));
    expect(calls?.length).toBeGreaterThan(700);
    expect(hurried?.bound).toBeLessThan(hurried?.cost ?? 0);
  });

  test("when the time is up the best so far is taken, and others have gone on meanwhile", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 20);
    const found = await placed(large, header("p", ". -> ."), { timeLimitS: 1 });
    clearInterval(timer);
    expect(found?.status).toBe("feasible");
    expect(found?.cost).toBeLessThan(names.length);
    expect(found?.bound).toBeGreaterThan(names.length / 3);
    expect(turns).toBeGreaterThan(5);
  });
});

describe("three data planes that each lack an action which two calls need is to colour a graph", () => {
  const dataplanes = ["x", "y", "z"].map((name) => ({
    name,
    cost: 1,
    actions: ["SetHeader", "AddHeader", "RemoveHeader"].filter((_, index) => "xyz"[index] !== name),
  }));
  const lacked = {
    SetHeader: `SetHeader(r, "a", "1");`,
    AddHeader: `AddHeader(r, "b", "1");`,
    RemoveHeader: `RemoveHeader(r, "c");`,
  };
  const policies = Object.entries(lacked).map(([action, body]) =>
    policy(action.toLowerCase(), sequence(any, any), {
      actions: [action],
      sections: [{ side: "either", body: bodyOf(body) }],
    }),
  );
  const edgesOf = (size: number, count: number, classes: number): readonly (readonly [number, number])[] => {
    let seed = 7;
    const next = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    const edges = new Map<string, readonly [number, number]>();
    while (edges.size < count) {
      const [a, b] = [next(size), next(size)].sort((x, y) => x - y) as [number, number];
      if (a % classes !== b % classes) edges.set(`${a} ${b}`, [a, b]);
    }
    return [
      ...edges.values(),
      ...Array.from({ length: size - 1 }, (_, i) => [0, i + 1] as const).slice(0, 0),
    ];
  };
  const meshOfEdges = (size: number, edges: readonly (readonly [number, number])[]): Mesh => {
    const mesh = small({ size, edges });
    return {
      ...mesh,
      services: new Map([...mesh.services].map(([name, value]) => [name, { ...value, entry: true }])),
    };
  };

  test("which can be done, given time", async () => {
    const size = 60;
    const { placement } = await place(policies, meshOfEdges(size, edgesOf(size, 130, 3)), { dataplanes });
    expect(placement).toMatchObject({ status: "optimal", cost: size });
  });

  test("and not without", async () => {
    const size = 120;
    const { diagnostics } = await place(policies, meshOfEdges(size, edgesOf(size, 276, 3)), {
      dataplanes,
      timeLimitS: 0,
    });
    expect(diagnostics).toMatchObject([{ code: "PLC0108" }]);
  });

  test("four calls all into one another are too many, and the fewest that are is what is said", async () => {
    const edges = [0, 1, 2, 3].flatMap((a) => [0, 1, 2, 3].filter((b) => b > a).map((b) => [a, b] as const));
    const { diagnostics } = await place(policies, meshOfEdges(4, edges), { dataplanes });
    const calls = "`s0 -> s1`, `s0 -> s2`, `s0 -> s3`, `s1 -> s2` and 2 more";
    expect(diagnostics.map(({ code, message }) => `${code} ${message}`)).toEqual([
      `PLC0103 no choice of data planes and sides enforces all of \`addheader\` on ${calls}; \`removeheader\` on ${calls}; \`setheader\` on ${calls}; without any one of them there is one: \`x\` has no \`SetHeader\`, \`y\` has no \`AddHeader\`, \`z\` has no \`RemoveHeader\``,
    ]);
  });
});

test("a proxy that costs nothing and goes does not draw its policies away", async () => {
  const text = "{ name: m, identity: address, services: { a: { entry: true }, b: {} }, calls: { a: [b] } }";
  const { mesh } = fromYaml({ path: "mesh.yaml", text });
  if (mesh === undefined) throw new Error("the mesh is one");
  const free = { name: "free", cost: 0, actions: ["Count"] };
  const priced = { name: "priced", cost: 1, actions: "all" } as const;
  const placed = { policy: "p", side: "ingress", section: "either", calls: [["a", "b"]] } as const;
  const previous = {
    ...({ status: "optimal", cost: 0, bound: 0, unmatched: [] } as const),
    proxies: [{ service: "b", dataplane: "free", stamps: false, policies: [placed] }],
  };
  const p = policy("p", sequence(service("a"), service("b")));
  const { placement } = await place([p], mesh, { dataplanes: [free, priced], previous });
  expect(placement?.proxies).toEqual([
    { service: "b", dataplane: "priced", stamps: false, policies: [placed] },
  ]);
});

test("a proxy that would have to be of two kinds is said to, with what each kind has not", async () => {
  const mesh = small({
    ...{
      size: 4,
      edges: [
        [0, 1],
        [0, 2],
        [1, 3],
        [2, 3],
      ],
    },
  });
  const at = (name: string, from: string, body: string, side: Side): CopperPolicy =>
    policy(name, sequence(service(from), service("s3")), {
      actions: [body.slice(0, body.indexOf("("))],
      sections: [{ side, body: bodyOf(body) }],
    });
  const said = async (policies: readonly CopperPolicy[], dataplanes: readonly Dataplane[]) => {
    const { diagnostics } = await place(policies, mesh, { dataplanes });
    return diagnostics.map(({ code, message }) => `${code} ${message}`);
  };
  const mark = at("mark", "s1", `SetHeader(r, "a", "1");`, "ingress");
  const visits = at("visits", "s2", `Count(r, "b");`, "ingress");
  const blame = "only the proxy of `s3` can enforce `mark` on `s1 -> s3` and `visits` on `s2 -> s3`";
  const none = "and no data plane that it can take enforces all of it";
  expect(
    await said(
      [mark, visits],
      [
        { name: "x", cost: 1, actions: ["SetHeader"] },
        { name: "y", cost: 1, actions: ["Count", "SetHeader"], sides: { SetHeader: "egress" } },
      ],
    ),
  ).toEqual([`PLC0103 ${blame}, ${none}: \`x\` has no \`Count\`, \`y\` has no \`SetHeader\` at ingress`]);
});
