import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { commutes } from "../analysis/commutes.ts";
import { checkCopper } from "../language/check.ts";
import type { FilterPolicy } from "../language/policy.ts";
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
  expect(slot?.name).toBe("wire/rate/inbound/hot-path");
  expect(slot?.configuration).toBe("@self\trate\nhot-path\tinbound\t127.0.0.3,127.0.1.3\tenforce\n");
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
