import { expect, test } from "vitest";
import { checkPolicies } from "./check-policies.ts";

const code = `import { Request } from "proxy-wasm-as";
export const context = "a -> b";
export function onRequest(request: Request): void {}`;
const said = (path: string, text: string): readonly string[] =>
  checkPolicies([{ path, text }]).diagnostics.map((diagnostic) => diagnostic.code);

test("a name that would break a line of configuration is refused in both forms", () => {
  for (const path of ["@acme/policy.ts", "a b.ts", "a\tb.ts", "a\nb.ts", "é.ts", "-a.ts", "a..ts", ".ts"])
    expect(said(path, code), path).toEqual(["CUP0213"]);
  expect(said(`${"a".repeat(101)}.ts`, code)).toEqual(["CUP0213"]);
  const copper = (name: string): string =>
    `policy ${name} ( act (Request r) context ('a -> b') ) { Deny(r); }`;
  expect(said("p.cup", copper("a".repeat(101)))).toEqual(["CUP0213"]);
  expect(said("p.cup", copper("fine_name-2"))).toEqual([]);
});

test("ordinary names are taken", () => {
  for (const path of ["no-scrapers/policy.ts", "x.v2.ts", "2fast.ts", "_x.ts"])
    expect(said(path, code), path).toEqual([]);
});
