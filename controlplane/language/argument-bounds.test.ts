import { describe, expect, test } from "vitest";
import { argumentBounds, notAllZero } from "./argument-bounds.ts";
import { checkCopper } from "./check.ts";
import { standardInterface } from "./standard.ts";

/** `Counter.Increment by`, as in the table: without the act. */
const numbers = new Set(
  [...standardInterface.receivers.values()].flatMap(({ kind, name, actions }) =>
    [...actions.values()].flatMap((signature) =>
      signature.parameters
        .filter(({ type }) => type === "int" || type === "float" || type === "duration")
        .map((parameter) => `${kind === "act" ? "" : `${name}.`}${signature.name} ${parameter.name}`),
    ),
  ),
);
/** Any number can be meant. */
const free = ["Counter.Increment by", "Counter.IsGreaterThan value", "string.ToInt otherwise"];

function codesOf(body: string): readonly string[] {
  const text = `policy p (act (Request r) context ('a') using (TokenBucket b)) { [Egress] ${body} }`;
  return checkCopper({ path: "p.cup", text }).diagnostics.map(({ code }) => code);
}

describe("bounds of arguments", () => {
  test("every number that an action takes has one, or can be anything", () => {
    const bounded = Object.entries(argumentBounds).flatMap(([action, bounds]) =>
      Object.entries(bounds).flatMap(([name, { kind }]) => (kind === "number" ? [`${action} ${name}`] : [])),
    );
    expect([...bounded, ...free].sort()).toEqual([...numbers].sort());
    for (const [action, names] of Object.entries(notAllZero))
      expect(names.filter((name) => !numbers.has(`${action} ${name}`))).toEqual([]);
  });

  test.each([
    ["SetTimeout(r, 0s);", []],
    ["SetTimeout(r, -1ns);", ["CUP0228"]],
    ["SetTimeout(r, 1s * 2 - 3s);", ["CUP0228"]],
    ["let t = -1s; let u = t / 2; SetTimeout(r, u);", ["CUP0228"]],
    ['let n = ToInt(r.GetHeader("n"), -1); SetTimeout(r, 1s * n);', []],
    ['Mirror(r, "a", "v", 100);', []],
    ['Mirror(r, "a", "v", 100.1);', ["CUP0228"]],
    ["if (!b.TakeToken(0.1, 1)) return;", []],
    ["if (!b.TakeToken(0, 1)) return;", ["CUP0228"]],
    ['SplitByWeight(r, "a", "v", 0, "w", 1);', []],
    ['let h = "a:80"; RewriteHost(r, h);', []],
    ['RewriteHost(r, "[::1]:80");', []],
    ['RewritePath(r, "/caf\\u{e9}/%20");', []],
    ['SetRetries(r, 0, "5xx , unavailable");', []],
  ])("%s", (body, codes) => {
    expect(codesOf(body)).toEqual(codes);
  });
});
