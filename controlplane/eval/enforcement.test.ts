import { expect, test } from "vitest";
import type { CallTree } from "../../envoy/emulator/service.ts";
import type { Application } from "./application.ts";
import { enforcementOf, isWhole } from "./enforcement.ts";

const covered: Application["covered"] = {
  p1: [
    { policy: "mark", header: { name: "x-entry", value: "web" }, paths: ["web rate", "web search rate"] },
    { policy: "route", version: "v2", paths: ["web search rate"] },
  ],
  p2: { policy: "stores", allowed: {} },
};

function rate(version: string, ...marks: readonly string[]): CallTree {
  return { service: "rate", version, status: 200, headers: { "x-entry": marks } };
}

function web(direct: CallTree, searched: CallTree, more: Partial<CallTree> = {}): CallTree {
  const search: CallTree = { service: "search", status: 200, headers: {}, calls: [searched], ...more };
  return { service: "web", status: 200, headers: {}, calls: [direct, search] };
}

test("a request whose answer shows what the policies say is counted by the calls that they are about", () => {
  expect(enforcementOf(web(rate("v1", "web"), rate("v2", "web")), { covered })).toEqual({
    covered: 3,
    wrong: 0,
  });
});

test.each([
  ["a header that is missing", web(rate("v1"), rate("v2", "web")), "mark is for it, and x-entry is []"],
  ["one that is there twice", web(rate("v1", "web", "web"), rate("v2", "web")), 'x-entry is ["web","web"]'],
  ["another value", web(rate("v1", "geo"), rate("v2", "web")), 'x-entry is ["geo"]'],
  ["another version", web(rate("v1", "web"), rate("v1", "web")), "route routes to v2, and v1 has answered"],
  [
    "a header on a call that no policy is about",
    web(rate("v1", "web"), rate("v2", "web"), { headers: { "x-entry": ["web"] } }),
    "mark is not for it",
  ],
])("%s is wrong, and the call is named", (_, tree, example) => {
  const found = enforcementOf(tree, { covered });
  expect(found).toMatchObject({ covered: 3, wrong: 1 });
  expect(found.example).toContain(example);
});

test("a request is whole where all its calls were answered", () => {
  expect(isWhole(web(rate("v1"), rate("v2")))).toBe(true);
  expect(isWhole(web(rate("v1"), { service: "rate", status: 0 }))).toBe(false);
  expect(isWhole({ service: "web", status: 503 })).toBe(false);
});
