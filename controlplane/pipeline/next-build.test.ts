import { strict as assert } from "node:assert";
import { expect, test } from "vitest";
import { createChainCache } from "../codegen/chain-cache.ts";
import type { Source } from "../language/source.ts";
import { type Build, build } from "./build.ts";
import { nextBuild } from "./next-build.ts";

const cache = createChainCache();
const mesh = `
name: shop
services: { web: { entry: true }, cart: {}, api: {}, rate: {} }
calls: { web: [cart, api], cart: [api, rate], api: [rate, cart] }
`;

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
