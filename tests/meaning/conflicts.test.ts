import fc from "fast-check";
import { expect, test } from "vitest";
import { automaton } from "../../controlplane/analysis/automaton.ts";
import { conflicts, type Finding } from "../../controlplane/analysis/conflicts.ts";
import { overlap } from "../../controlplane/analysis/overlap.ts";
import { checkPolicies } from "../../controlplane/language/check-policies.ts";
import type { CopperPolicy, Policy, Side } from "../../controlplane/language/policy.ts";
import { fromYaml } from "../../controlplane/mesh/from-yaml.ts";
import type { Mesh } from "../../controlplane/mesh/mesh.ts";
import type { Header, Outcome } from "./exchange.ts";
import { isCopper } from "./in-force.ts";
import { interpret } from "./interpret.ts";

function meshOf(text: string): Mesh {
  const { mesh } = fromYaml({ path: "mesh.yaml", text });
  if (mesh === undefined) throw new Error("the mesh cannot be read");
  return mesh;
}

const mesh = meshOf(`name: small
services:
  web: { entry: true }
  api: {}
  user: { versions: { v1: {}, v2: {} } }
  timeline: {}
calls: { web: [api, user], api: [user, timeline], timeline: [api] }
`);

const statements = [
  'SetHeader(r, "x", "1");',
  'SetHeader(r, "x", "2");',
  'SetHeader(r, "y", "1");',
  'SetHeader(r, "c", "1");',
  'AddHeader(r, "x", "1");',
  'RemoveHeader(r, "x");',
  'Count(r, "seen");',
  "Deny(r);",
  'Deny(r, 429, "slow");',
  'Allow(r, "web");',
  "Allow(r);",
  'RouteToVersion(r, "user", "v1");',
  'RouteToVersion(r, "user", "v2");',
];
const conditions = [
  'HasHeader(r, "c")',
  '!HasHeader(r, "c")',
  'HasHeader(r, "d")',
  'GetHeader(r, "x") == "1"',
];
const contexts = ["user", "timeline", "web -> user", "api -> .", "web -> .* -> user", "user@v1", "api"];

const anyStatement = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...statements) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom(...conditions),
        fc.constantFrom(...statements),
        fc.constantFrom(...statements, ""),
      )
      .map(([condition, then, otherwise]) => `if (${condition}) { ${then} } else { ${otherwise} }`),
  },
);

const anyPolicies = fc
  .array(
    fc.record({
      context: fc.constantFrom(...contexts),
      body: fc.array(anyStatement, { minLength: 1, maxLength: 2 }),
      heading: fc.constantFrom("", "", "[Ingress]", "[Egress]"),
      priority: fc.constantFrom(0, 0, 1),
    }),
    { minLength: 2, maxLength: 3 },
  )
  .map((drafts) =>
    drafts.map(({ context, body, heading, priority }, n) => {
      const bound = body.join().includes("RouteToVersion") ? "[Egress]" : heading;
      const text = `policy p${n} ( act (Request r) context ('${context}') priority (${priority}) ) { ${bound} ${body.join(" ")} }`;
      return { path: `p${n}.cup`, text };
    }),
  );

function copperOf(
  sources: readonly { readonly path: string; readonly text: string }[],
): readonly CopperPolicy[] {
  const { policies, diagnostics } = checkPolicies(sources, mesh);
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return policies.filter(isCopper);
}

const headerSets: readonly (readonly Header[])[] = [[], [["x", "1"]], [["x", "2"]], [["x", "0"]]].flatMap(
  (x) =>
    [[], [["c", "1"]]].flatMap((c) =>
      [[], [["d", "1"]]].map((d) => [...x, ...c, ...d] as unknown as Header[]),
    ),
);

/** What becomes of all requests on a path that meet these policies, in this order. Egress comes before ingress. */
function outcomes(policies: readonly CopperPolicy[], path: readonly string[]): readonly Outcome[] {
  const [caller = null, callee = ""] = path.length > 1 ? path.slice(-2) : [null, path[0]];
  const nameOf = (service: string): string => service.split("@")[0] ?? "";
  const sectionsAt = (side: Side) =>
    policies.flatMap((policy) =>
      policy.sections
        .filter((section) => section.side === side)
        .map((section) => ({ policy, section: section.side })),
    );
  const order: readonly Side[] = policies.some((policy) =>
    policy.sections.some(({ side }) => side === "egress"),
  )
    ? ["egress", "either", "ingress"]
    : ["either", "ingress"];
  return headerSets.map((headers) => {
    const all = order.flatMap(sectionsAt).filter(({ section }) => section !== "egress" || caller !== null);
    // Where only one side is spoken of, what is bound to none is there as well, between the others by its order.
    const sides = new Set(all.map(({ section }) => section));
    const inForce =
      sides.has("egress") && sides.has("ingress")
        ? all
        : policies.flatMap((policy) => all.filter((each) => each.policy === policy));
    return interpret(
      inForce,
      {
        direction: "inbound",
        caller: caller === null ? null : nameOf(caller),
        callee: nameOf(callee),
        headers,
        now: 0n,
        worker: 0,
      },
      { memory: new Map(), choose: () => true },
    ).outcome;
  });
}

/** What of an outcome can be seen: the headers of a request that is refused go nowhere. */
function seen({ headers, reply, counts }: Outcome): string {
  const shown = reply === undefined ? [...headers].map(String).sort() : [reply.status, reply.body];
  return JSON.stringify([shown, [...counts].map(([name, by]) => `${name} ${by}`)]);
}

function matches({ context }: Policy, path: readonly string[]): boolean {
  const machine = automaton(context, "may");
  return machine.accepts(
    path.reduce((state, service) => {
      const [name = "", version] = service.split("@");
      return machine.step(state, machine.symbol(name, version));
    }, machine.start),
  );
}

function confirm(finding: Finding, all: readonly CopperPolicy[]): void {
  const [p, q] = finding.policies.filter(isCopper);
  if (finding.kind === "dead") return;
  if (p === undefined) throw new Error("a finding is about policies");
  expect(matches(p, finding.path), finding.detail).toBe(true);
  if (finding.kind === "admits-nothing") {
    for (const { reply } of outcomes(finding.policies.filter(isCopper), finding.path))
      expect(reply, finding.detail).toBeDefined();
    return;
  }
  if (q === undefined) throw new Error(`a finding of the kind ${finding.kind} is about two policies`);
  expect(matches(q, finding.path), finding.detail).toBe(true);
  if (finding.kind === "shadowed") {
    const without = [q];
    const both = all.filter((policy) => policy === p || policy === q);
    expect(outcomes(both, finding.path).map(seen), finding.detail).toEqual(
      outcomes(without, finding.path).map(seen),
    );
  }
  if (finding.outcomes === undefined) return;
  const orders = [outcomes([p, q], finding.path), outcomes([q, p], finding.path)];
  if (finding.kind === "order") {
    expect(orders[0]?.map(seen), finding.detail).not.toEqual(orders[1]?.map(seen));
    return;
  }
  const isSo = (at: 0 | 1, request: number): boolean => {
    const outcome = orders[at]?.[request];
    const effect = finding.outcomes?.[at];
    const header = (name: string): string | undefined =>
      outcome?.headers.find(([other]) => other === name)?.[1];
    if (effect?.what === "header") return header(effect.name) === effect.value;
    if (effect?.what === "version") return header("x-wire-version") === effect.version;
    return effect?.what === "denied" && outcome?.reply?.status === effect.status;
  };
  expect(
    headerSets.some((_, request) => isSo(0, request) && isSo(1, request)),
    finding.detail,
  ).toBe(true);
}

function isSplit(policies: readonly CopperPolicy[]): boolean {
  const sides = new Set(policies.flatMap((policy) => policy.sections.map(({ side }) => side)));
  return sides.has("egress") && sides.has("ingress");
}

test("where the order of two policies matters and no priority gives it, there is a finding", () => {
  const property = fc.property(anyPolicies, (sources) => {
    const policies = copperOf(sources);
    const found = conflicts(policies, mesh);
    for (const [at, p] of policies.entries()) {
      for (const q of policies.slice(at + 1)) {
        if (p.priority !== q.priority || isSplit([p, q])) continue;
        const isFound = found.some(
          (each) => each.outcomes !== undefined && each.policies.includes(p) && each.policies.includes(q),
        );
        for (const { path } of overlap(p, q, mesh)) {
          if (String(outcomes([p, q], path).map(seen)) !== String(outcomes([q, p], path).map(seen)))
            expect(isFound, `${path.join(" -> ")}`).toBe(true);
        }
      }
    }
  });
  fc.assert(property, { numRuns: 500 });
});

test("every finding is confirmed by what the policies mean", () => {
  const property = fc.property(anyPolicies, (sources) => {
    const policies = copperOf(sources);
    for (const finding of conflicts(policies, mesh)) confirm(finding, policies);
  });
  fc.assert(property, { numRuns: 500 });
});
