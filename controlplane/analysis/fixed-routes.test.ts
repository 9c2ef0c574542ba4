import { expect, test } from "vitest";
import { checkPolicies } from "../language/check-policies.ts";
import { inOrder } from "../language/in-order.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import { fixedRoutes } from "./fixed-routes.ts";

const text =
  "{ name: m, services: { a: { entry: true }, b: { versions: { v1: {}, v2: {} } } }, calls: { a: [b] } }";

function versionsOf(...bodies: readonly string[]): readonly string[] {
  const { mesh } = fromYaml({ path: "mesh.yaml", text });
  if (mesh === undefined) throw new Error("the mesh is one");
  const policies = bodies.map((body, index) => {
    const [context, ...statements] = body.split(": ");
    return `policy p${index} (act (Request r) context ('${context}')) { ${statements.join(": ")} }`;
  });
  const checked = checkPolicies([{ path: "p.cup", text: policies.join("\n") }], mesh);
  expect(checked.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return [...fixedRoutes(inOrder(checked.policies), mesh).values()].map(({ version }) => version);
}

test.each([
  { what: "a route of all requests", bodies: ['a -> b: RouteToVersion(r, "b", "v1");'], fixed: ["v1"] },
  {
    what: "one that comes after denials",
    bodies: ['. -> b: if (GetPath(r) == "/") { Deny(r); } RouteToVersion(r, "b", "v1");'],
    fixed: ["v1"],
  },
  {
    what: "the last of two",
    bodies: ['a -> b: RouteToVersion(r, "b", "v1");', 'a -> b: RouteToVersion(r, "b", "v2");'],
    fixed: ["v2"],
  },
  {
    what: "none of some requests",
    bodies: ['a -> b: if (GetPath(r) == "/") { RouteToVersion(r, "b", "v1"); }'],
    fixed: [],
  },
  {
    what: "none behind a return",
    bodies: ['a -> b: if (GetPath(r) == "/") { return; } RouteToVersion(r, "b", "v1");'],
    fixed: [],
  },
  {
    what: "none that a later policy may change",
    bodies: ['a -> b: RouteToVersion(r, "b", "v1");', 'a -> b: SplitByWeight(r, "b", "v1", 1, "v2", 1);'],
    fixed: [],
  },
  {
    what: "none of requests that are copied",
    bodies: ['a -> b: Mirror(r, "b", "v2");', 'a -> b: RouteToVersion(r, "b", "v1");'],
    fixed: [],
  },
])("$what decides", ({ bodies, fixed }) => {
  expect(versionsOf(...bodies)).toEqual(fixed);
});
