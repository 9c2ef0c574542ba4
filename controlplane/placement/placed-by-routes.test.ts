import { expect, test } from "vitest";
import { checkInput } from "../pipeline/build.ts";
import { placedByRoutes } from "./placed-by-routes.ts";

const mesh = {
  path: "mesh.yaml",
  text: `name: m
services: { a: { entry: true }, b: { versions: { v1: {}, v2: {} } } }
calls: { a: [b] }
`,
};
const route = (name: string, version: string): string =>
  `policy ${name} ( act (Request r) context ('a -> b') ) { [Egress] RouteToVersion(r, 'b', '${version}'); }`;
const mark = (name: string, context: string): string =>
  `policy ${name} ( act (Request r) context ('${context}') ) { SetHeader(r, 'x-${name}', 'yes'); }`;

function without(policies: readonly string[], ...off: readonly string[]): readonly string[] {
  const sources = policies.map((text, index) => ({ path: `${index}.cup`, text }));
  const checked = checkInput({ mesh, policies: sources });
  if (checked.mesh === undefined) throw new Error(JSON.stringify(checked.diagnostics));
  return placedByRoutes(checked.policies, checked.mesh, off);
}

test("those that ask for a version go by the route before them, and the others by none", () => {
  const policies = [route("a", "v1"), mark("b", "a -> b@v1"), mark("c", "a -> b@v2"), mark("d", "a -> b")];
  expect(without(policies, "a")).toEqual(["b", "c"]);
  expect(without(policies, "a", "b")).toEqual(["c"]);
  expect(without(policies, "d")).toEqual([]);
  expect(without(policies)).toEqual([]);
});

test("also where another route decides instead", () => {
  expect(without([route("a", "v1"), route("b", "v2"), mark("c", "a -> b@v2")], "b")).toEqual(["c"]);
});
