import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createHost } from "../../filters/proxy-wasm-as/testing/index.ts";
import { commutes } from "../analysis/commutes.ts";
import { checkCopper } from "../language/check.ts";
import type { FilterPolicy, Policy } from "../language/policy.ts";
import { readFilter } from "../language/read-filter.ts";
import type { Mesh } from "../mesh/mesh.ts";
import type { Placement } from "../placement/placement.ts";
import { buildChains, createChainCache } from "./build-chains.ts";

const url = new URL("../../filters/hot-path/policy.cup", import.meta.url);
const { policies } = checkCopper({ path: "policy.cup", text: readFileSync(url, "utf8") });
const mesh: Mesh = {
  name: "m",
  identity: "address",
  stateHeader: "tracestate",
  services: new Map(),
  calls: [
    { from: "search", to: "rate", rate: 1 },
    { from: "profile", to: "rate", rate: 1 },
  ],
};
const placement: Placement = {
  status: "optimal",
  cost: 1,
  bound: 1,
  unmatched: [],
  proxies: [
    {
      service: "rate",
      dataplane: "d",
      stamps: false,
      policies: [{ policy: "hot-path", side: "ingress", section: "ingress", calls: [["search", "rate"]] }],
    },
  ],
};
const addressesOf = (service: string) => (service === "search" ? ["127.0.0.3", "127.0.1.3"] : ["127.0.0.9"]);

test("a slot has a stable name, its peers' addresses, and a module compiled once", async () => {
  const cache = createChainCache();
  const built = await buildChains(policies, placement, mesh, { addressesOf, commutes, cache });
  expect(built.diagnostics).toEqual([]);
  const [slot] = built.chains[0]?.slots ?? [];
  expect(slot?.name).toMatch(/^wire\/rate\/inbound\/hot-path\/[0-9a-f]{8}$/);
  expect(slot?.configuration).toBe(
    "@self\trate\n@peer\tsearch\t127.0.0.3,127.0.1.3\nhot-path\tinbound\tsearch\tenforce\n",
  );
  expect(slot?.module.failure).toBe("open");
  const again = await buildChains(policies, placement, mesh, { addressesOf, commutes, cache });
  // The very same bytes: nothing was compiled again.
  expect(again.modules[0]?.bytes).toBe(built.modules[0]?.bytes);
});

test("an error in filter code is shown where the author made it", async () => {
  const text = "export function onRequest(request: Request): void { nothing(); }";
  const [common] = policies;
  if (common === undefined) throw new Error("hot-path does not check");
  const filter: FilterPolicy = {
    ...common,
    kind: "filter",
    side: "ingress",
    source: { path: "f.ts", text: `import { Request } from "proxy-wasm-as";\n${text}` },
  };
  const built = await buildChains([filter], placement, mesh, { addressesOf, commutes });
  const [first] = built.diagnostics;
  expect(first?.code).toBe("MOD0101");
  expect(first?.source.text.slice(first.span.start, first.span.end)).toBe("nothing");
});

test("a compiler that crashes is an error at the policy", async () => {
  const [common] = policies;
  if (common === undefined) throw new Error("hot-path does not check");
  const text = `import { Request } from "proxy-wasm-as";
export function onRequest(request: Request): void { request.deny(${"1 + ".repeat(60_000)}1, ""); }`;
  const filter: FilterPolicy = { ...common, kind: "filter", side: "ingress", source: { path: "f.ts", text } };
  const { diagnostics, chains } = await buildChains([filter], placement, mesh, { addressesOf, commutes });
  expect(chains).toEqual([]);
  expect(diagnostics).toMatchObject([{ code: "MOD0103", source: { path: "f.ts" } }]);
  expect(diagnostics[0]?.message).toContain("the compiler crashed");
});

const filterNamed = (name: string, code: string, more: Partial<FilterPolicy> = {}): FilterPolicy => {
  const text = `import { Request } from "proxy-wasm-as";\nexport const context = "search -> rate";\n${code}`;
  const { policy, diagnostics } = readFilter({ path: `${name}.ts`, text });
  expect(diagnostics).toEqual([]);
  if (policy === undefined) throw new Error(`${name} cannot be read`);
  return { ...policy, ...more };
};
const onRate = (name: string): Placement => ({
  ...placement,
  proxies: placement.proxies.map((proxy) => ({
    ...proxy,
    policies: [{ policy: name, side: "ingress", section: "either", calls: [["search", "rate"]] }],
  })),
});

test("a filter that denies in whatever way fails closed, unless it is audited", async () => {
  const code = `const refuse = (r: Request): void => { r.deny(403, "no"); };
export function onRequest(request: Request): void { refuse(request); }`;
  const failureOf = async (policy: FilterPolicy) => {
    const options = { addressesOf, commutes };
    const built = await buildChains([policy], onRate(policy.name), mesh, options);
    expect(built.diagnostics).toEqual([]);
    return built.modules[0]?.failure;
  };
  expect(await failureOf(filterNamed("f", code))).toBe("closed");
  expect(await failureOf(filterNamed("f", code, { mode: "audit" }))).toBe("open");
  expect(await failureOf(filterNamed("g", "export function onRequest(request: Request): void {}"))).toBe(
    "open",
  );
});

test("a module that answers requests is held against what its code says", async () => {
  const code = 'export function onRequest(request: Request): void { request.deny(403, "no"); }';
  const policy = filterNamed("f", code, { actions: [] });
  const built = await buildChains([policy], onRate("f"), mesh, { addressesOf, commutes });
  expect(built.diagnostics).toMatchObject([{ code: "MOD0102" }]);
  expect(built.diagnostics[0]?.message).toContain("says neither `deny` nor `reply`");
});

test("an endless filter is a diagnostic at the policy, and waited for on one of its proxies only", async () => {
  const policy = filterNamed("f", "export function onRequest(request: Request): void { while (true) {} }");
  const two = {
    ...onRate("f"),
    proxies: ["rate", "geo"].flatMap((service) =>
      onRate("f").proxies.map((proxy) => ({ ...proxy, service })),
    ),
  };
  const built = await buildChains([policy], two, mesh, { addressesOf, commutes });
  expect(built.chains).toEqual([]);
  expect(built.diagnostics).toMatchObject([{ code: "MOD0104", source: { path: "f.ts" } }]);
}, 20_000);

test("a filter that throws on a request of its own is refused at that line", async () => {
  const code = 'export function onRequest(request: Request): void {\n  throw new Error("bad");\n}';
  const built = await buildChains([filterNamed("f", code)], onRate("f"), mesh, { addressesOf, commutes });
  const [only, ...more] = built.diagnostics;
  expect(more).toEqual([]);
  expect(only).toMatchObject({ code: "MOD0102", message: '`f` does not run: it throws "bad"' });
  expect(only?.source.text.slice(only.span.start)).toMatch(/^throw/);
});

test("a filter that uses up its memory is told so", async () => {
  const code = `export function onRequest(request: Request): void {
  const all: Uint8Array[] = [];
  while (true) all.push(new Uint8Array(1 << 20));
}`;
  const built = await buildChains([filterNamed("f", code)], onRate("f"), mesh, { addressesOf, commutes });
  const message = "`f` does not run: it went over its memory of 256 pages of 64 KiB";
  expect(built.diagnostics).toMatchObject([{ code: "MOD0102", message }]);
});

test.each([
  [
    "Copper",
    (limit: string, agent: string): Policy => {
      const text = `policy f (act (RPCRequest r) context ("search -> rate") param (int limit = ${limit}, string agent = "${agent}")) {
  if (GetHeader(r, "agent") == agent) { SetHeader(r, "limit", limit.ToString()); }
}`;
      const [policy] = checkCopper({ path: "f.cup", text }).policies;
      if (policy === undefined) throw new Error("the policy cannot be read");
      return policy;
    },
  ],
  [
    "filter code",
    (limit: string, agent: string): Policy =>
      filterNamed(
        "f",
        `class Params { limit: i32 = ${limit}; agent: string = "${agent}"; }
export const params = new Params();
export function onRequest(request: Request): void {
  if (request.headers.get("agent") == params.agent) request.headers.set("limit", params.limit.toString());
}`,
      ),
  ],
])("another default of %s is another configuration of the same module", async (_, policyWith) => {
  const built = await Promise.all(
    [policyWith("1000", "scraper"), policyWith("-20", "a longer one")].map((policy) =>
      buildChains([policy], onRate("f"), mesh, { addressesOf, commutes }),
    ),
  );
  const slots = built.map(({ chains, diagnostics }) => {
    expect(diagnostics).toEqual([]);
    const slot = chains[0]?.slots[0];
    if (slot === undefined) throw new Error("nothing was built");
    return slot;
  });
  expect(slots[0]?.module.sha256).toBe(slots[1]?.module.sha256);
  const limits = slots.map(({ module, configuration }, index) => {
    const host = createHost(module.bytes, { configuration });
    const agent = ["scraper", "a longer one"][index] ?? "";
    const { requestHeaders } = host.request({
      headers: [["agent", agent]],
      properties: { "source.address": `${addressesOf("search")[0]}:1` },
    });
    return requestHeaders.find(([name]) => name === "limit")?.[1];
  });
  expect(limits).toEqual(["1000", "-20"]);
});
