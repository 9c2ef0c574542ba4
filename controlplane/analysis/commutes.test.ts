import { expect, test } from "vitest";
import { checkCopper } from "../language/check.ts";
import type { Policy } from "../language/policy.ts";
import { readFilter } from "../language/read-filter.ts";
import { commutes } from "./commutes.ts";

function copper(body: string, clauses = ""): Policy {
  const text = `policy p ( act (Request r) context ('a') ${clauses} ) { ${body} }`;
  const { policies, diagnostics } = checkCopper({ path: "p.cup", text });
  const [policy] = policies;
  if (policy === undefined) throw new Error(JSON.stringify(diagnostics));
  return policy;
}

function filter(constants: string): Policy {
  const text = `export const context = "a"; ${constants}\nexport function onRequest(): void {}\n`;
  const { policy, diagnostics } = readFilter({ path: "f.ts", text });
  if (policy === undefined) throw new Error(JSON.stringify(diagnostics));
  return policy;
}

/** A filter that touches no header and adds a tag. */
const tags = (name: string) =>
  filter(
    `export const reads: string[] = []; export const writes: string[] = []; function f(r: Request): void { r.tagAccessLog("${name}", ""); }`,
  );
const sets = (name: string, value = "v") => copper(`SetHeader(r, "${name}", "${value}");`);
const asks = (name: string) => copper(`if (GetHeader(r, "${name}") == "v") { Deny(r); }`);

test.each([
  ["different headers", sets("x"), sets("y"), true],
  ["one header, whatever its spelling", sets("X-Canary"), sets("x-canary"), false],
  ["`host` is the authority", copper('RewriteHost(r, "b");'), asks(":authority"), false],
  ["one reads what the other writes", asks("x"), sets("x"), false],
  ["one answer", asks("x"), copper("Deny(r);"), true],
  ["two answers", asks("x"), copper("Deny(r, 429);"), false],
  [
    "two routes of one service",
    copper('RouteToVersion(r, "b", "v1");'),
    copper('RouteToVersion(r, "b", "v2");'),
    false,
  ],
  ["audited: it changes nothing", copper('SetHeader(r, "x", "1");', "mode (audit)"), sets("x"), true],
  ["audited: nobody sees it", copper('SetHeader(r, "x", "1");', "mode (audit)"), asks("x"), true],
  ["a count does not show what was denied", copper('Count(r, "n");'), asks("x"), false],
  ["nor what was not admitted", copper('Count(r, "n");'), copper("Allow(r);"), false],
  ["two counts", copper('Count(r, "n");'), copper('Count(r, "n");'), true],
  ["a denial like that of an Allow", copper("Deny(r);"), copper("Allow(r);"), true],
  ["another one", copper("Deny(r, 401);"), copper("Allow(r);"), false],
  [
    "audited: it still sees",
    copper('if (GetHeader(r, "x") == "v") { Deny(r); }', "mode (audit)"),
    sets("x"),
    false,
  ],
  ["a filter that does not say what it touches", filter(""), sets("x"), false],
  [
    "a filter that does",
    filter('export const reads = ["Host"]; export const writes = ["y"];'),
    sets("x"),
    true,
  ],
  [
    "a filter that keeps something sees what is denied after it only",
    filter(
      'export const side = "ingress"; export const reads = ["y"]; export const writes = ["y"]; let n = 0;',
    ),
    asks("x"),
    false,
  ],
  [
    "a filter that reads the header",
    filter('export const reads = ["Host"]; export const writes = ["y"];'),
    copper('RewriteHost(r, "b");'),
    false,
  ],
  ["a filter that sets another tag", tags("a"), copper('TagAccessLog(r, "b", "1");'), true],
  ["a filter that sets the same tag", tags("a"), copper('TagAccessLog(r, "a", "1");'), false],
  ["a filter whose tag does not show what was denied", tags("a"), asks("x"), false],
])("%s", (_, p, q, expected) => {
  expect(commutes(p, q)).toBe(expected);
  expect(commutes(q, p)).toBe(expected);
});
