import fc from "fast-check";
import { expect, test } from "vitest";
import { checkPolicies } from "../language/check-policies.ts";
import type { Context } from "../language/context.ts";
import type { Policy } from "../language/policy.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { anyContext, anyMesh } from "./any-mesh.test-helper.ts";
import { policyOf } from "./any-policy.test-helper.ts";
import { automaton } from "./automaton.ts";
import { includes, pathOutside } from "./includes.ts";
import { isEmpty } from "./is-empty.ts";
import { overlap } from "./overlap.ts";

const lengthMax = 4;

/** All paths of a mesh with at most so many services, each in a version where it has some; over a connection also what it carries. */
function pathsOf(mesh: Mesh): readonly (readonly string[])[] {
  const written = (name: string): readonly string[] => {
    const service = mesh.services.get(name);
    const versions = service?.protocol === "tcp" ? [] : [...(service?.versions.keys() ?? [])];
    return versions.length === 0 ? [name] : versions.map((version) => `${name}@${version}`);
  };
  const all: (readonly string[])[] = [...mesh.services.values()]
    .filter(({ entry, origin }) => entry || origin)
    .flatMap(({ name }) => written(name).map((one) => [one]));
  const known = new Set(all.map(String));
  const ends = [...all];
  for (const path of all) {
    const last = path.at(-1)?.split("@")[0];
    for (const { to } of mesh.calls.filter(({ from }) => from === last)) {
      for (const one of written(to)) {
        const longer = [...path, one];
        const isTcp = mesh.services.get(to)?.protocol === "tcp";
        const goesOn = isTcp ? longer.slice(-2) : longer;
        ends.push(longer, goesOn);
        if (goesOn.length > lengthMax || known.has(String(goesOn))) continue;
        known.add(String(goesOn));
        all.push(goesOn);
      }
    }
  }
  const isFromOutside = (path: readonly string[]): boolean =>
    path.length > 1 || mesh.services.get(path[0]?.split("@")[0] ?? "")?.entry === true;
  return ends.filter(isFromOutside);
}

function matches({ context }: Policy, mesh: Mesh, path: readonly string[]): boolean {
  if (mesh.services.get(path.at(-1)?.split("@")[0] ?? "")?.protocol === "tcp") return false;
  const machine = automaton(context, "may");
  const end = path.reduce((state, service) => {
    const [name = "", version] = service.split("@");
    return machine.step(state, machine.symbol(name, version));
  }, machine.start);
  return machine.accepts(end);
}

/** The paths are written without the versions that do not matter. */
function agrees(shown: readonly string[], path: readonly string[]): boolean {
  return (
    shown.length === path.length &&
    shown.every((one, at) => one === path[at] || one === path[at]?.split("@")[0])
  );
}

const anyPair = fc.tuple(anyMesh, anyContext, anyContext);
const asked = (context: Context): Policy => policyOf(context, "Request");

test("two policies meet where a path is matched by both, and the shortest shows it", () => {
  const property = fc.property(anyPair, ([mesh, first, second]) => {
    const [p, q] = [asked(first), asked(second)];
    const common = pathsOf(mesh).filter((path) => matches(p, mesh, path) && matches(q, mesh, path));
    const met = [...overlap(p, q, mesh)];
    const lengths = met.map(({ path }) => path.length);
    expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
    for (const { call, path } of met) {
      const ofCall = common.filter(
        (each) =>
          each.at(-1)?.split("@")[0] === call.to && (each.at(-2)?.split("@")[0] ?? null) === call.from,
      );
      // A path that is longer than those that were listed is only believed.
      if (path.length <= lengthMax) expect(ofCall.some((each) => agrees(path, each))).toBe(true);
      for (const each of ofCall) expect(each.length).toBeGreaterThanOrEqual(path.length);
    }
    const calls = new Set(met.map(({ call }) => `${call.from}>${call.to}`));
    for (const each of common) {
      const [from = null, to] = each.length > 1 ? each.slice(-2) : [null, each[0]];
      expect(calls.has(`${from?.split("@")[0] ?? null}>${to?.split("@")[0]}`)).toBe(true);
    }
  });
  fc.assert(property, { numRuns: 500 });
});

test("over a connection the shortest path begins with its two ends, however far from an entry they are", () => {
  const { mesh } = fromYaml({
    path: "mesh.yaml",
    text: `name: m
services: { a: { origin: true }, b: { protocol: tcp }, g: { protocol: tcp }, c: {}, d: {} }
calls: { a: [b], b: [d, g], d: [c], g: [c], c: [a] }
`,
  });
  if (mesh === undefined) throw new Error("the mesh has errors");
  const { policies } = checkPolicies(
    [
      {
        path: "p.cup",
        text: `policy p ( act (Request r) context ('c -> a') ) { SetHeader(r, "x", "1"); }
policy q ( act (Request r) context ('^. -> . -> . -> .*') ) { SetHeader(r, "x", "2"); }
`,
      },
    ],
    mesh,
  );
  const [p, q] = policies as [Policy, Policy];
  expect([...overlap(p, q, mesh)].map(({ path }) => path)).toEqual([["b", "g", "c", "a"]]);
});

test("one policy includes another unless a path is matched by that alone", () => {
  const property = fc.property(anyPair, ([mesh, first, second]) => {
    const [p, q] = [asked(first), asked(second)];
    const outside = pathsOf(mesh).filter((path) => matches(q, mesh, path) && !matches(p, mesh, path));
    const shown = pathOutside(p, q, mesh);
    expect(includes(p, q, mesh)).toBe(shown === undefined);
    if (outside.length > 0) expect(shown).toBeDefined();
    if (shown === "unknown") throw new Error("small meshes are looked through");
    if (shown !== undefined && shown.length <= lengthMax)
      expect(outside.some((path) => agrees(shown, path))).toBe(true);
  });
  fc.assert(property, { numRuns: 500 });
});

test("a policy that no path matches is empty", () => {
  const property = fc.property(anyMesh, anyContext, (mesh, context) => {
    const policy = asked(context);
    if (pathsOf(mesh).some((path) => matches(policy, mesh, path))) expect(isEmpty(policy, mesh)).toBe(false);
    expect(isEmpty(policy, mesh)).toBe(overlap(policy, policy, mesh).next().done === true);
  });
  fc.assert(property, { numRuns: 500 });
});
