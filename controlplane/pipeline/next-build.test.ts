import { strict as assert } from "node:assert";
import { expect, test } from "vitest";
import { createChainCache } from "../codegen/chain-cache.ts";
import type { Source } from "../language/source.ts";
import { type Build, build } from "./build.ts";
import { nextBuild } from "./next-build.ts";

const cache = createChainCache();
const many = `
name: many
identity: address
services: { front: { entry: true }, a: {}, b: {}, c: {}, e: {} }
calls: { front: [a, b, c], a: [b, c, e], b: [a, c, e], c: [a, b, e] }
`;

/** A policy, by this name, for what was at a service so many steps before. */
function stepsBefore(service: string, steps: number, at: string = service): string {
  const context = [at, ...Array.from({ length: steps }, () => "."), "e"].join(" -> ");
  return `policy ${service}-before ( act (Request r) context ('${context}') ) { SetHeader(r, "x", "1"); }`;
}
const mesh = `
name: shop
services: { web: { entry: true }, cart: {}, api: {}, rate: {} }
calls: { web: [cart, api], cart: [api, rate], api: [rate, cart] }
`;

test("contexts of more states than a proxy has room for are refused", async () => {
  const messages = async (text: string): Promise<readonly string[]> => {
    const input = { policies: [{ path: "p.cup", text }], mesh: { path: "mesh.yaml", text: many } };
    const { build: made, diagnostics } = await build(input, { cache });
    expect(made).toBeUndefined();
    expect(diagnostics.every(({ code }) => code === "PLC0106")).toBe(true);
    return diagnostics.map(({ message }) => message);
  };
  expect(await messages(stepsBefore("a", 17))).toContain(
    "the context of `a-before` has more states on this mesh than the proxy of `a` has room for",
  );
  expect(await messages(`${stepsBefore("a", 11)}\n---\n${stepsBefore("b", 12)}`)).toContain(
    "the contexts of `a-before` and `b-before` have more states together than the proxy of `a` has room for",
  );
});

test("there is room for the states of one change beside those of before, and what has none is said to be to wait", async () => {
  const built = async (service: string, at?: string): Promise<Build> => {
    const policies = [{ path: "p.cup", text: stepsBefore(service, 14, at) }];
    const made = await build({ policies, mesh: { path: "mesh.yaml", text: many } }, { cache });
    assert(made.build !== undefined, made.diagnostics[0]?.message);
    return made.build;
  };
  const [one, two, three] = [await built("a"), await built("b"), await built("c")];
  const four = await built("d", "a");
  const changed = async (from: Build, to: Build): Promise<Build> => {
    const taught = await nextBuild(from, to, { mayForget: false, cache });
    return await nextBuild(taught, to, { mayForget: false, cache });
  };
  const both = await changed(one, two);
  const revisions = [two, one].map(({ paths }) => paths.begin);
  expect(both.paths.known.map(({ revision }) => revision).slice(0, 2)).toEqual(revisions);
  await expect(changed(await changed(both, three), four)).rejects.toThrow(
    /^\[rollout\] .* there is no room for more: .*; save it again in a minute$/,
  );
  // What is not under way any more leaves its room.
  const over = await nextBuild(both, two, { mayForget: true, cache });
  expect(over).toBe(two);
  expect((await nextBuild(over, three, { mayForget: false, cache })).paths.known.length).toBeGreaterThan(1);
});

async function of(...policies: readonly Source[]): Promise<Build> {
  const input = { policies, mesh: { path: "mesh.yaml", text: mesh } };
  const made = await build(input, { cache });
  assert(made.build !== undefined, made.diagnostics[0]?.message);
  return made.build;
}

test("what would have to be between two that are judged together stays where it is while states change", async () => {
  const filter = (side: string, context: string): Source => ({
    path: "between.ts",
    text: `import { Request } from "proxy-wasm-as";
export const context = "${context}";
export const side = "${side}";
export const priority = 5;
export function onRequest(request: Request): void { request.headers.set("k", "1"); }
`,
  });
  const allow = (name: string, priority: number): string =>
    `policy ${name} ( act (Request r) context ('web -> cart -> rate') priority (${priority}) ) { [Ingress] if (GetHeader(r, 'k') == '${name}') { Allow(r, '*', '*'); } }`;
  const before = await of(filter("ingress", "cart -> api -> rate"));
  const after = await of(filter("egress", "^web -> api -> rate"), {
    path: "allows.cup",
    text: `${allow("first", 9)}\n---\n${allow("last", 1)}`,
  });
  const taught = await nextBuild(before, after, { mayForget: false, cache });
  const both = await nextBuild(taught, after, { mayForget: true, cache });
  const at = ({ placement }: Build, name: string): readonly string[] =>
    placement.proxies.flatMap(({ service, policies }) =>
      policies.filter(({ policy }) => policy === name).map(({ side }) => `${service} ${side}`),
    );
  expect(at(taught, "between")).toEqual(["api egress", "rate ingress"]);
  expect(at(both, "between")).toEqual(["api egress"]);
  const revisions = [after, before].map(({ paths }) => paths.begin);
  expect(both.paths.known.map(({ revision }) => revision).slice(0, 2)).toEqual(revisions);
});
