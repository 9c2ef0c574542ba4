import { expect, test } from "vitest";
import { fromYaml } from "./from-yaml.ts";
import { isSamePlace } from "./is-same-place.ts";
import type { Mesh } from "./mesh.ts";

const text = `name: m
services:
  web: { entry: true }
  api: { versions: { v1: {}, v2: {} } }
calls: { web: [{ to: api, rate: 10 }] }
endpoints:
  api: [{ address: 10.0.0.1, port: 80, version: v1 }, { address: 10.0.0.2, port: 80, version: v2 }]
`;

function meshOf(changed: string): Mesh {
  const { mesh, diagnostics } = fromYaml({ path: "mesh.yaml", text: changed });
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  if (mesh === undefined) throw new Error("the mesh cannot be read");
  return mesh;
}

test.each([
  ["an endpoint that moved", "10.0.0.2", "10.0.0.3", true],
  ["one more endpoint", "v2 }]", "v2 }, { address: 10.0.0.9, port: 81, version: v2 }]", true],
  ["another rate", "rate: 10", "rate: 20", true],
  ["a comment", "name: m", "name: m # of mine", true],
  ["another name", "name: m", "name: n", false],
  [
    "endpoints where there were none",
    "endpoints:\n",
    "endpoints:\n  web: [{ address: 10.0.0.7, port: 80 }]\n",
    false,
  ],
  ["another protocol", "web: { entry: true }", "web: { entry: true, protocol: grpc }", false],
  ["one call less", "calls: { web: [{ to: api, rate: 10 }] }", "calls: {}", false],
])("%s", (_, part, instead, expected) => {
  expect(isSamePlace(meshOf(text), meshOf(text.replace(part, instead)))).toBe(expected);
});
