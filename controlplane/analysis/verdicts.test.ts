import { describe, expect, test } from "vitest";
import { checkPolicies } from "../language/check-policies.ts";
import type { Policy } from "../language/policy.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import type { Mesh } from "../mesh/mesh.ts";
import { shortestWitness, verdicts } from "./verdicts.ts";

function read(context: string): { readonly policy: Policy; readonly mesh: Mesh } {
  const { mesh } = fromYaml({
    path: "mesh.yaml",
    text: `name: versions
services:
  shop: { entry: true }
  api: { entry: true }
  rate: { versions: { v1: {}, v2: {}, v3: {} } }
  stock: {}
calls: { shop: [rate], api: [shop, rate], rate: [stock] }
`,
  });
  if (mesh === undefined) throw new Error("the mesh cannot be read");
  const text = `policy p ( act (Request r) context ('${context}') ) { Deny(r); }`;
  const [policy] = checkPolicies([{ path: "p.cup", text }], mesh).policies;
  if (policy === undefined) throw new Error(`${context} cannot be read`);
  return { policy, mesh };
}

/** Verdicts by call; it is never matched where there is none. */
function judged(context: string): Readonly<Record<string, string>> {
  const { policy, mesh } = read(context);
  return Object.fromEntries(
    verdicts(policy, mesh).calls.map(({ from, to, verdict, versions }) => [
      `${from ?? "outside"} -> ${to}`,
      versions === undefined ? verdict : `${verdict}: ${versions.join(" ")}`,
    ]),
  );
}

describe("versions of the callee", () => {
  test.each([
    ["shop -> rate@v2", { "shop -> rate": "sometimes: v2" }],
    ["[rate@v1, rate@v3]", { "shop -> rate": "sometimes: v1 v3", "api -> rate": "sometimes: v1 v3" }],
    ["shop -> [^rate@v1]", { "shop -> rate": "sometimes: v2 v3" }],
    ["shop -> rate@v1 | api -> rate@v2", { "shop -> rate": "sometimes: v1", "api -> rate": "sometimes: v2" }],
    ["shop -> [rate@v1, rate@v2, rate@v3]", { "shop -> rate": "always" }],
    ["api -> [^shop, rate@v1, rate@v2, rate@v3]", {}],
    ["^shop -> rate@v2", { "shop -> rate": "sometimes" }],
    ["rate@v2 -> stock", { "rate -> stock": "sometimes" }],
  ])("%s", (context, expected) => {
    expect(judged(context)).toEqual(expected);
  });

  test("a witness is a path that differs, where there is one, and not only a version that may", () => {
    const { policy, mesh } = read("^shop -> rate@v2");
    const call = { from: "shop", to: "rate" };
    expect(shortestWitness(policy, mesh, call, true)).toEqual(["shop", "rate"]);
    expect(shortestWitness(policy, mesh, call, false)).toEqual(["api", "shop", "rate"]);
  });
});

/** A mesh of services that all call each other, with one that nothing calls. */
function crowd(size: number, context: string): { readonly policy: Policy; readonly mesh: Mesh } {
  const names = Array.from({ length: size }, (_, index) => `s${index}`);
  const calls = names.map((name) => [name, names.filter((other) => other !== name)]);
  const { mesh } = fromYaml({
    path: "mesh.json",
    text: JSON.stringify({
      name: "crowd",
      services: {
        s0: { entry: true },
        ...Object.fromEntries(names.slice(1).map((name) => [name, {}])),
        lost: {},
      },
      calls: Object.fromEntries([...calls, ["lost", ["s0"]]]),
    }),
  });
  if (mesh === undefined) throw new Error("the mesh cannot be read");
  const text = `policy p ( act (Request r) context ('${context}') ) { Deny(r); }`;
  const [policy] = checkPolicies([{ path: "p.cup", text }], mesh).policies;
  if (policy === undefined) throw new Error(`${context} cannot be read`);
  return { policy, mesh };
}

describe("states", () => {
  test("are only made where a path leads: long contexts on small meshes are nothing special", () => {
    const { policy, mesh } = read(`shop${" .".repeat(40)}`);
    expect(verdicts(policy, mesh)).toMatchObject({ tooManyStates: false });
  });

  test("that nobody could wait for are said to be too many", () => {
    const { policy, mesh } = crowd(6, `s0${" .".repeat(20)}`);
    expect(verdicts(policy, mesh)).toEqual({ calls: [], tooManyStates: true });
    const long = crowd(2, `s0${" .".repeat(20_000)}`);
    expect(verdicts(long.policy, long.mesh).tooManyStates).toBe(true);
    expect(verdicts(crowd(6, `s0${" .".repeat(8)}`).policy, mesh).tooManyStates).toBe(false);
  });

  test("a call that no request can take is none", () => {
    const { policy, mesh } = crowd(2, ".");
    expect(verdicts(policy, mesh).calls.map(({ from, to }) => `${from} -> ${to}`)).toEqual([
      "null -> s0",
      "s0 -> s1",
      "s1 -> s0",
    ]);
  });
});

describe("a connection is its caller and its callee", () => {
  const { mesh } = fromYaml({
    path: "mesh.yaml",
    text: `name: stores
services:
  shop: { entry: true }
  api: {}
  db: { protocol: tcp }
  cache: { protocol: tcp }
calls: { shop: [api, db], api: [db, cache] }
`,
  });
  const judged = (act: string, context: string): Readonly<Record<string, string>> => {
    if (mesh === undefined) throw new Error("the mesh cannot be read");
    const text = `policy p ( act (${act} c) context ('${context}') ) { Deny(c); }`;
    const [policy] = checkPolicies([{ path: "p.cup", text }], mesh).policies;
    if (policy === undefined) throw new Error(`${context} cannot be read`);
    const calls = verdicts(policy, mesh).calls.filter(({ to }) => to === "db" || to === "cache");
    return Object.fromEntries(calls.map(({ from, to, verdict }) => [`${from} -> ${to}`, verdict]));
  };

  test.each([
    ["api -> db", { "api -> db": "always" }],
    [".* -> api -> .", { "api -> db": "always", "api -> cache": "always" }],
    ["^shop -> db", { "shop -> db": "always" }],
    ["shop", {}],
  ])("which decide `%s`", (context, expected) => expect(judged("Connection", context)).toEqual(expected));

  test.each([
    ["shop -> api -> db", { "api -> db": "sometimes" }],
    ["shop -> .* -> db", { "shop -> db": "always", "api -> db": "sometimes" }],
    ["^api -> cache", { "api -> cache": "sometimes" }],
  ])("which do not decide `%s`", (context, expected) =>
    expect(judged("Connection", context)).toEqual(expected),
  );

  test("and it is no request", () => {
    expect(judged("Request", "shop -> .* -> db")).toEqual({});
    expect(judged("RPCRequest", "api -> .")).toEqual({});
  });
});
