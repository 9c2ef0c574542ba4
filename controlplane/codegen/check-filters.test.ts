import { expect, test } from "vitest";
import { checkPolicies } from "../language/check-policies.ts";
import { checkFilters } from "./check-filters.ts";

const head = `import { Request } from "proxy-wasm-as";
export const context = "a -> b";
`;

test("types, and what the host does not offer, are said at the author's line where there is one", async () => {
  const files = {
    "types.ts":
      'export function onRequest(request: Request): void { request.heders.set("a", "b"); let x: i32 = "a"; }',
    "world.ts": 'export function onRequest(request: Request): void { console.log("x"); }',
    "callback.ts": "export function onRequest(request: string): void {}",
    "fine.ts": 'export function onRequest(request: Request): void { request.deny(403, ""); }',
  };
  const sources = Object.entries(files).map(([path, text]) => ({ path, text: head + text }));
  const { policies, diagnostics } = checkPolicies(sources);
  expect(diagnostics).toEqual([]);
  const found = await checkFilters(policies);
  expect(
    found.map(({ code, source, span }) => [code, source.path, source.text.slice(span.start, span.end)]),
  ).toEqual([
    ["MOD0101", "callback.ts", "onRequest"],
    ["MOD0101", "types.ts", "heders"],
    ["MOD0101", "types.ts", '"a"'],
    ["MOD0102", "world.ts", "console.log"],
  ]);
});
