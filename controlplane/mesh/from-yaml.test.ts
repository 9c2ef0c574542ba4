import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkPolicies } from "../language/check-policies.ts";
import { fromYaml } from "./from-yaml.ts";

describe("fromYaml", () => {
  test("defaults", () => {
    const { mesh, diagnostics } = fromYaml({
      path: "mesh.yaml",
      text: `
name: hotel
services:
  frontend: { entry: true, replicas: 2 }
  search: { versions: { v1: { replicas: 2 }, v2: {} } }
  store: { protocol: tcp, proxy: never }
  rate:
calls:
  frontend: [search, { to: rate, rate: 120 }]
  rate: [store]
endpoints:
  search: [{ address: 10.1.0.7, port: 5000, version: v1 }]
`,
    });
    expect(diagnostics).toEqual([]);
    expect(mesh?.identity).toBe("none");
    expect(mesh?.stateHeader).toBe("tracestate");
    expect(mesh?.services.get("search")).toMatchObject({
      replicas: 3,
      port: 8080,
      proxy: "any",
      entry: false,
    });
    expect(mesh?.services.get("search")?.endpoints).toEqual([
      { address: "10.1.0.7", port: 5000, version: "v1" },
    ]);
    expect(mesh?.services.get("store")).toMatchObject({ port: 6379, proxy: "never", replicas: 1 });
    expect(mesh?.services.get("rate")?.protocol).toBe("http");
    expect(mesh?.calls).toEqual([
      { from: "frontend", to: "search", rate: 1 },
      { from: "frontend", to: "rate", rate: 120 },
      { from: "rate", to: "store", rate: 1 },
    ]);
  });

  test("JSON is read too", () => {
    expect(
      fromYaml({ path: "mesh.json", text: '{"name":"a","services":{"b":{"entry":true}}}' }).mesh?.services
        .size,
    ).toBe(1);
  });

  test("never throws, on any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => void fromYaml({ path: "m", text })),
    );
    const keys = fc.constantFrom("name", "services", "calls", "endpoints", "a", "to", "rate", "versions");
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, true, -1, "a", ""),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(keys, tie("value"), { maxKeys: 4 }),
      ),
    }));
    fc.assert(fc.property(value, (json) => void fromYaml({ path: "m", text: JSON.stringify(json) })));
  });

  test("a name without separators is split against the mesh", () => {
    const { mesh } = fromYaml({
      path: "m",
      text: "name: a\nservices: { frontend: { entry: true }, search: {}, geo: {} }\n",
    });
    const text = "policy p (act (Request r) context ('frontendsearchgeo')) { Deny(r) }";
    const { policies, diagnostics } = checkPolicies([{ path: "a.cup", text }], mesh);
    expect(diagnostics).toEqual([]);
    expect(policies[0]?.context.expression).toMatchObject({
      kind: "sequence",
      items: [{ name: "frontend" }, { name: "search" }, { name: "geo" }],
    });
  });
});
