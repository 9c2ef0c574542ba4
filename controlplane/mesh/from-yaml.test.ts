import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkPolicies } from "../language/check-policies.ts";
import type { Policy } from "../language/policy.ts";
import { checkClaims } from "./check-claims.ts";
import { fromYaml } from "./from-yaml.ts";

describe("fromYaml", () => {
  test.each([
    ["none", []],
    ["address", []],
    // A build takes it for an error: see `tests/policies/error-mesh-identity`.
    ["mtls", [["MSH0204", "warning"]]],
  ])("identity: %s", (identity, said) => {
    const text = `{ name: m, identity: ${identity}, services: { a: { entry: true } }, calls: {} }`;
    const { mesh, diagnostics } = fromYaml({ path: "mesh.yaml", text });
    expect(mesh?.identity).toBe(identity);
    expect(diagnostics.map(({ code, severity }) => [code, severity])).toEqual(said);
  });

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

  test("a header that means something else cannot hold the state of paths", () => {
    const read = (stateHeader: string) =>
      fromYaml({
        path: "m",
        text: `name: a\nstateHeader: "${stateHeader}"\nservices: { b: { entry: true } }\n`,
      });
    expect(
      ["TraceState", "header:X-Path", "header:secret_path"].map((name) => read(name).mesh?.stateHeader),
    ).toEqual(["tracestate", "header:x-path", "header:secret_path"]);
    for (const name of [
      "host",
      "Content-Length",
      "x-wire-path",
      "x-envoy-path",
      "traceparent",
      "X-B3-TraceId",
      "Expect",
      "Authorization",
      "cookie",
      "grpc-timeout",
      "if-match",
      "x-forwarded-for",
      "User-Agent",
      // Taken for `content-type`, which an entry would take away as another name of its own.
      "Content_Type",
      "x-wire_hash",
    ])
      expect(read(`header:${name}`).diagnostics).toMatchObject([
        { code: "MSH0103", message: expect.stringContaining("cannot hold the state of paths: ") },
      ]);
  });

  test("what a service hands on", () => {
    const read = (service: string) =>
      fromYaml({ path: "m", text: `name: a\nservices: { b: { entry: true, ${service} } }\n` });
    const forwards = (service: string) => read(service).mesh?.services.get("b")?.forwards;
    for (const header of ["traceparent", "x-request-id", "b3", "x-b3-traceid"])
      expect(forwards(`forwards: ${header}`)).toBe(header);
    expect(forwards("forwards: state")).toBeUndefined();
    expect(read("forwards: x-trace").diagnostics).toMatchObject([
      {
        code: "MSH0103",
        message: "`forwards` takes `state` or `traceparent` or `x-request-id` or `b3` or `x-b3-traceid`",
      },
    ]);
    expect(read("protocol: tcp, forwards: b3").diagnostics).toContainEqual(
      expect.objectContaining({ code: "MSH0103", message: "`b` is a store, which hands on no header" }),
    );
  });

  test("the share of decisions that are logged", () => {
    const read = (share: string) =>
      fromYaml({ path: "m", text: `name: a\ndecisionLog: ${share}\nservices: { b: { entry: true } }\n` });
    expect(["0.25", "1", "0"].map((share) => read(share).mesh?.decisionLog)).toEqual([0.25, 1, undefined]);
    for (const share of ["1.5", "-1", "true", ".nan"])
      expect(read(share).diagnostics).toMatchObject([
        { message: "`decisionLog` takes a share, from 0 to 1" },
      ]);
  });

  test("token providers, and a key set that no proxy would take", () => {
    const read = (jwks: string) =>
      fromYaml({
        path: "m",
        text: `name: a
jwt: { providers: { us: { issuer: "https://us.example", audiences: [shop], jwks: ${jwks} } } }
accessLog: true
services: { b: { entry: true } }
`,
      });
    const { mesh, diagnostics } = read("{ keys: [{ kty: OKP, crv: Ed25519, x: abc }] }");
    expect(diagnostics).toEqual([]);
    expect(mesh?.accessLog).toBe(true);
    expect(mesh?.jwt?.get("us")).toEqual({
      issuer: "https://us.example",
      audiences: ["shop"],
      jwks: '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"abc"}]}',
    });
    expect(read(`'{"keys":[{"kty":"oct","k":"abc"}]}'`).mesh?.jwt?.get("us")?.jwks).toContain("oct");
    const told = (jwks: string) => read(jwks).diagnostics.map(({ message }) => message);
    expect(told("{ keys: [] }")).toEqual(["`jwks` takes a JSON Web Key Set"]);
    expect(told("nonsense")).toEqual(["`jwks` takes a JSON Web Key Set"]);
    expect(told("{ keys: [{ x: abc }] }")).toEqual(["`jwks` has a key that Envoy cannot use"]);
    expect(told("{ keys: [{ kty: OKP, x: abc, d: abc }] }")).toEqual(["`jwks` has a private key"]);
  });

  test("prices are of a CPU and of a GiB, and both more than nothing", () => {
    const read = (prices: string) =>
      fromYaml({ path: "m", text: `name: a\nprices: ${prices}\nservices: { b: { entry: true } }\n` });
    expect(read("{ cpu: 8, memory: 1.5 }").mesh?.prices).toEqual({ cpu: 8, memory: 1.5 });
    const told = (prices: string) =>
      read(prices).diagnostics.map(({ code, message }) => `${code} ${message}`);
    expect(told("{ cpu: 8 }")).toEqual(["MSH0104 `prices` has no `memory`"]);
    expect(told("{ cpu: 0, memory: 1 }")).toEqual(["MSH0103 `cpu` takes a price, from 1e-9 to 1000000000"]);
    expect(told("{ cpu: 1, memory: -1 }")).toEqual([
      "MSH0103 `memory` takes a price, from 1e-9 to 1000000000",
    ]);
    expect(told("{ cpu: 1, memory: 1, disk: 1 }")).toEqual(["MSH0102 unknown key `disk` in `prices`"]);
    expect(told("8")).toHaveLength(1);
  });

  test("a policy that reads claims needs to know who signs them", () => {
    const { mesh } = fromYaml({ path: "m", text: "name: a\nservices: { b: { entry: true } }\n" });
    if (mesh === undefined) throw new Error("the mesh is well");
    const source = { path: "a.ts", text: "" };
    const span = { start: 0, end: 0 };
    const policy: Policy = {
      ...{ kind: "filter", name: "p", source, span, act: "Request", contextSpan: span, priority: 0 },
      ...{ mode: "enforce", onLost: "deny", actions: ["GetClaim"], side: "ingress", parameters: [] },
      context: { anchored: false, expression: { kind: "any", except: [], span } },
    };
    expect(checkClaims([policy], mesh).map(({ code }) => code)).toEqual(["MSH0210"]);
    expect(checkClaims([{ ...policy, actions: ["Deny"] }], mesh)).toEqual([]);
    expect(checkClaims([policy], { ...mesh, jwt: new Map() })).toEqual([]);
  });

  test("JSON is read too", () => {
    expect(
      fromYaml({ path: "mesh.json", text: '{"name":"a","services":{"b":{"entry":true}}}' }).mesh?.services
        .size,
    ).toBe(1);
  });

  test("a key that is there twice is said at its second place, in maps of either form", () => {
    const text = 'name: a\nservices: { b: { entry: true }, "b": {} }\nname: c\n';
    const { mesh, diagnostics } = fromYaml({ path: "m", text });
    expect(mesh).toBeUndefined();
    expect(
      diagnostics.map(({ message, span }) => [message, text.slice(0, span.start).split("\n").length]),
    ).toEqual([
      ["the key `b` is there twice", 2],
      ["the key `name` is there twice", 3],
    ]);
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
