import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createHost } from "../../filters/proxy-wasm-as/testing/index.ts";
import { checkCopper } from "../language/check.ts";
import type { CopperPolicy, Statement } from "../language/policy.ts";
import { assemble } from "./assemble.ts";
import { generate } from "./generate.ts";
import { smoke } from "./smoke.ts";
import { verifyModule } from "./verify-module.ts";

const span = { start: 0, end: 0 };
const policy = (name: string, body: readonly Statement[]): CopperPolicy => ({
  kind: "copper",
  name,
  source: { path: `${name}.cup`, text: "" },
  span,
  act: "RPCRequest",
  context: { anchored: false, expression: { kind: "any", except: [], span } },
  contextSpan: span,
  priority: 0,
  mode: "enforce",
  onLost: "deny",
  actions: [],
  sections: [{ side: "either", body }],
});
const copper = (name: string): CopperPolicy => {
  const url = new URL(`../../filters/${name}/policy.cup`, import.meta.url);
  const { policies } = checkCopper({ path: `filters/${name}/policy.cup`, text: readFileSync(url, "utf8") });
  const [first] = policies;
  if (first === undefined) throw new Error(`${name} does not check`);
  return first;
};
const canary = copper("canary-rate");
const critical = copper("hot-path");
const admit = policy("admit", [{ kind: "allow", caller: "search", callee: "rate", span }]);

async function host(policies: readonly CopperPolicy[], configuration: string) {
  const { bytes = new Uint8Array(), stderr } = await assemble({ entry: generate(policies) });
  expect(stderr).toBe("");
  expect(verifyModule(bytes)).toEqual([]);
  expect(smoke(bytes, configuration)).toEqual([]);
  return createHost(bytes, { configuration });
}
const from = (address: string) => ({ properties: { "source.address": `${address}:4000` } });

test("the source is as a person would read it", async () => {
  await expect(generate([critical, canary, admit])).toMatchFileSnapshot("testdata/fused.as.txt");
});

test("a header is set for the callers named, and for no others", async () => {
  const rate = await host([critical], "hot-path\tinbound\t127.0.0.3,127.0.0.4\n");
  expect(rate.request(from("127.0.0.4")).requestHeaders).toEqual([["critical", "true"]]);
  expect(rate.request(from("127.0.0.40")).requestHeaders).toEqual([]);
  expect(rate.request({}).requestHeaders).toEqual([]);
});

test("outside is any address not listed; audit and absence change nothing", async () => {
  const outside = await host([critical], "hot-path\tinbound\t!127.0.0.3\n");
  expect(outside.request(from("127.0.0.3")).requestHeaders).toEqual([]);
  expect(outside.request(from("10.0.0.1")).requestHeaders).toHaveLength(1);
  expect((await host([critical], "hot-path\tinbound\t*\taudit\n")).request({}).requestHeaders).toEqual([]);
  expect((await host([critical], "")).request({}).requestHeaders).toEqual([]);
});

test("a version is chosen on the way out, and the route with it", async () => {
  const search = await host([canary], "canary-rate\toutbound\trate\n");
  const headers = [["x-canary", "true"]] as const;
  const rerouted = search.request({ headers, properties: { "xds.route_name": "rate@v1" } });
  expect(rerouted.requestHeaders).toContainEqual(["x-wire-version", "v2"]);
  expect(rerouted.calls).toContain("call_foreign_function:clear_route_cache");
  expect(search.request({ properties: { "xds.route_name": "rate" } }).requestHeaders).toEqual([]);
});

test("a request is denied when no Allow admits it", async () => {
  const rate = await host([admit], "@self\trate\n@peer\tsearch\t127.0.0.3\nadmit\tinbound\t*\n");
  expect(rate.request(from("127.0.0.3")).action).toBe("continue");
  expect(rate.request(from("127.0.0.9")).localReply?.status).toBe(403);
});

test("a configuration that cannot be read is refused with the line", async () => {
  const { bytes = new Uint8Array() } = await assemble({ entry: generate([critical]) });
  expect(smoke(bytes, "hot-path\tinbound\t*\nother\tinbound\t*\n").join("\n")).toContain("in line 2");
  expect(smoke(bytes, "hot-path inbound *\n").join("\n")).toContain("in line 1");
});

test("a hundred reconfigurations and 100,000 requests leave memory as it was", async () => {
  const rate = await host([critical], "hot-path\tinbound\t*\n");
  const before = rate.memoryPages;
  for (let i = 0; i < 100; i++) expect(rate.configure(`hot-path\tinbound\t127.0.0.${i}\n`)).toBe(true);
  for (let i = 0; i < 100_000; i++) rate.request(from("127.0.0.99"));
  expect(rate.request(from("127.0.0.99")).requestHeaders).toHaveLength(1);
  expect(rate.request(from("127.0.0.98")).requestHeaders).toHaveLength(0);
  expect(rate.memoryPages).toBe(before);
});

test("modules that a proxy would choke on are refused with reasons", () => {
  const wasm = (...rest: number[]) => Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0, ...rest]);
  expect(verifyModule(Uint8Array.from([1, 2, 3]))[0]).toContain("does not parse");
  const empty = verifyModule(wasm()).join("\n");
  for (const part of ["ABI marker", "allocator", "memory"]) expect(empty).toContain(part);
  const start = wasm(1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 8, 1, 0, 10, 4, 1, 2, 0, 11);
  expect(verifyModule(start).join("\n")).toContain("start section");
  const name = [..."proxy_log"].map((letter) => letter.charCodeAt(0));
  const wrong = wasm(1, 4, 1, 96, 0, 0, 2, 17, 1, 3, 101, 110, 118, 9, ...name, 0, 0);
  expect(verifyModule(wrong).join("\n")).toContain("`env.proxy_log` is () -> ()");
});

test("a value read from a header is written as it is, but never with CR, LF or NUL", async () => {
  const { policies } = checkCopper({
    path: "copy.cup",
    text: `policy copy ( act (Request request) context ('a -> b') ) { SetHeader(request, "to", GetHeader(request, "from")); }`,
  });
  const copy = await host(policies, "copy\tinbound\t*\n");
  const written = (from: Uint8Array) =>
    copy
      .request({
        headers: [
          ["from", from],
          ["to", "old"],
        ],
      })
      .requestHeaderBytes.find(([name]) => name === "to")?.[1];
  const bytes = (...values: number[]) => Uint8Array.from(values);
  // Envoy's own codecs refuse such values, but a filter before this one could have made them.
  for (const bad of [13, 10, 0]) expect(written(bytes(97, bad, 98))).toEqual(bytes());
  expect(written(bytes(0xff, 9, 0xc3, 97))).toEqual(bytes(0xff, 9, 0xc3, 97));
  expect(copy.request({ headers: [["to", "old"]] }).requestHeaders).toEqual([["to", ""]]);
});
