import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { commutes } from "../analysis/commutes.ts";
import { callsOf, keyOf, verdicts } from "../analysis/verdicts.ts";
import type { Context, Expression } from "../language/context.ts";
import type { CopperPolicy, Policy, Side, Statement } from "../language/policy.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import type { Mesh, Service } from "../mesh/mesh.ts";
import { explainPlacement } from "./explain.ts";
import { place } from "./solve.ts";

const span = { start: 0, end: 0 };
const source = { path: "test.cup", text: "" };
const names = (...listed: string[]) => listed.map((name) => ({ name, span }));
const any: Expression = { kind: "any", except: [], span };
const service = (name: string): Expression => ({ kind: "service", name, span });
const sequence = (...items: Expression[]): Context => ({
  anchored: false,
  expression: { kind: "sequence", items, span },
});
const literal = (value: string) => ({ kind: "literal", value, span }) as const;
const setHeader = (name: string): Statement => ({
  kind: "setHeader",
  name: literal(name),
  value: literal("v"),
  span,
});
const deny: Statement = { kind: "deny", status: 403, body: "", span };
const allow: Statement = { kind: "allow", caller: "*", callee: "*", span };

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
    sections: [{ side: "either", body: [setHeader(name)] }],
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
        [policy("p", everyCall, { sections: [{ side, body: [setHeader("p")] }] })],
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
      sections: [{ side: "ingress", body: [setHeader("critical")] }],
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

test("a context that the call does not decide is refused with two paths", async () => {
  const mesh = small({
    size: 4,
    edges: [
      [0, 1],
      [0, 2],
      [1, 2],
      [2, 3],
    ],
  });
  const { placement, diagnostics } = await place(
    [policy("p", sequence(service("s1"), service("s2"), service("s3")))],
    mesh,
  );
  expect(placement).toBeUndefined();
  expect(diagnostics.map((diagnostic) => `${diagnostic.code} ${diagnostic.message}`)).toEqual([
    "PLC0101 `p` matches only some requests of the call `s2 -> s3`: `s0 -> s1 -> s2 -> s3` matches, `s0 -> s2 -> s3` does not",
  ]);
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
    sections: [{ side: "ingress", body: [setHeader("p")] }],
  });
  const { diagnostics } = await place([p], mesh);
  expect(diagnostics.map((diagnostic) => diagnostic.code)).toEqual(["PLC0104"]);
});

test("among optima the last placement is kept", async () => {
  const mesh = small({ size: 2, edges: [[0, 1]] });
  const p = policy("p", sequence(service("s0"), service("s1")));
  const at = async (side: Side) =>
    (await place([{ ...p, sections: [{ side, body: [setHeader("p")] }] }], mesh)).placement;
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

/** The least cost over all assignments of sides, straight from design §4 and §6; absent when there is none. */
function bruteForce(policies: readonly Policy[], mesh: Mesh): number | undefined {
  const units = policies.flatMap((p) => {
    if (p.kind !== "copper") return [];
    return verdicts(p, mesh).calls.flatMap((call) =>
      p.sections.flatMap((section) =>
        call.verdict === "always" && !(call.from === null && section.side === "egress")
          ? [{ p, section, call }]
          : [],
      ),
    );
  });
  const before = (a: Policy, b: Policy) =>
    a.priority > b.priority || (a.priority === b.priority && a.name < b.name);
  let best: number | undefined;
  for (let mask = 0; mask < 2 ** units.length; mask++) {
    const ingress = (index: number): boolean => ((mask >> index) & 1) === 1;
    const places = units.map(({ call }, index) => (ingress(index) ? call.to : call.from));
    const fine = units.every(({ p, section, call }, index) => {
      const place = places[index];
      if (place === null || place === undefined || mesh.services.get(place)?.proxy === "never") return false;
      if (section.side !== "either" && (section.side === "ingress") !== ingress(index)) return false;
      if (ingress(index) && mesh.identity === "none") {
        const into = callsOf(mesh).filter((other) => other.to === call.to);
        const alike = into.every((other) =>
          units.some(
            (unit, at) =>
              unit.p === p && unit.section === section && keyOf(unit.call) === keyOf(other) && ingress(at),
          ),
        );
        if (!alike) return false;
      }
      return units.every((other, at) => {
        if (at === index || keyOf(other.call) !== keyOf(call)) return true;
        const allows = [section, other.section].every((one) =>
          one.body.some((statement) => statement.kind === "allow"),
        );
        if (allows && ingress(at) !== ingress(index)) return false;
        const reversed = other.p !== p && before(p, other.p) && ingress(index) && !ingress(at);
        return !reversed || commutes(p, other.p, { p: section.side, q: other.section.side });
      });
    });
    if (!fine) continue;
    const cost = [...new Set(places)].reduce(
      (sum, name) => sum + (mesh.services.get(name ?? "")?.replicas ?? 0),
      0,
    );
    if (best === undefined || cost < best) best = cost;
  }
  return best;
}

test("costs what brute force costs", { timeout: 60_000 }, async () => {
  const node = fc.nat({ max: 5 });
  const body = fc.constantFrom<readonly Statement[]>(
    [setHeader("a")],
    [setHeader("b")],
    [deny],
    [allow],
    [allow, setHeader("a")],
  );
  const element: fc.Arbitrary<Expression> = fc.oneof(
    fc.constant(any),
    node.map((id) => service(`s${id}`)),
    fc.tuple(node, node).map(([a, b]): Expression => ({ kind: "set", names: names(`s${a}`, `s${b}`), span })),
    node.map((id): Expression => ({ kind: "any", except: names(`s${id}`), span })),
  );
  const somePolicy = fc.record({
    items: fc.array(element, { minLength: 1, maxLength: 2 }),
    side: fc.constantFrom<Side>("either", "either", "egress", "ingress"),
    body,
    priority: fc.nat({ max: 2 }),
  });
  let solved = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(
        fc.tuple(node, node).filter(([a, b]) => a !== b),
        { maxLength: 7, selector: ([a, b]) => a * 6 + b },
      ),
      fc.array(somePolicy, { minLength: 1, maxLength: 3 }),
      fc.constantFrom<Mesh["identity"]>("none", "address", "mtls"),
      fc.option(node),
      fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 6, maxLength: 6 }),
      async (edges, drafts, identity, never, replicas) => {
        const mesh = small({
          size: 6,
          edges,
          identity,
          never: new Set(never === null ? [] : [never]),
          replicas,
        });
        const policies = drafts.map(({ items, side, body: statements, priority }, index) =>
          policy(`p${index}`, sequence(...items), { priority, sections: [{ side, body: statements }] }),
        );
        const judged = policies.flatMap((one) => verdicts(one, mesh).calls);
        fc.pre(!judged.some((call) => call.verdict === "sometimes"));
        fc.pre(judged.filter((call) => call.verdict === "always").length <= 11);
        const { placement, diagnostics } = await place(policies, mesh);
        const least = bruteForce(policies, mesh);
        if (placement !== undefined) solved++;
        expect(placement?.cost).toBe(least);
        expect(diagnostics.length > 0).toBe(least === undefined);
      },
    ),
    { numRuns: 500, seed: 3 },
  );
  expect(solved).toBeGreaterThan(200);
});
