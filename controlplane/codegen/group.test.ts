import * as fc from "fast-check";
import { expect, test } from "vitest";
import { commutes } from "../analysis/commutes.ts";
import { bodyOf } from "../language/body-of.test-helper.ts";
import { checkPolicies } from "../language/check-policies.ts";
import type { PlacedPolicy } from "../placement/placement.ts";
import { failureClass, type Item, isJudge } from "./failure-class.ts";
import { type Groups, group } from "./group.ts";

type Calls = PlacedPolicy["calls"];

/** Policies `name: body`, in order, on the calls given or all on one; a body that starts with `filter` is filter code. */
function grouped(policies: Readonly<Record<string, string>>, calls: Readonly<Record<string, Calls>> = {}) {
  const items = Object.entries(policies).map(([name, body]): Item => {
    const copper = `policy ${name} ( act (Request request) context ('a -> b') ) { ${body} }`;
    const code = `import { Request } from "proxy-wasm-as";
export const context = "a -> b"; ${body.replace("filter", "")}
export function onRequest(request: Request): void {}`;
    const isFilter = body.startsWith("filter");
    const checked = checkPolicies([
      { path: `${name}.${isFilter ? "ts" : "cup"}`, text: isFilter ? code : copper },
    ]);
    expect(checked.diagnostics).toEqual([]);
    const [policy] = checked.policies;
    if (policy === undefined) throw new Error(`${name} does not check`);
    const side = "ingress";
    return {
      policy,
      placed: { policy: name, side, section: "either", calls: calls[name] ?? [["a", "b"]] },
    };
  });
  return group(items, commutes);
}
const names = (result: Groups): readonly string[] =>
  result.groups.map((items) => items.map((item) => item.policy.name).join(" "));
const allow = 'Allow(request, "a", "b");';
const set = (name: string): string => `SetHeader(request, "${name}", "1");`;

test("Allows are judged in one module, whatever stands between them and commutes", () => {
  const between = { one: allow, open: set("x"), two: allow };
  expect(names(grouped(between))).toEqual(["one two", "open"]);
  const uses = 'function touch(r: Request): void { r.headers.set("z", r.headers.getAll("y").join()); }';
  const filter = `filter export const reads = ["y"]; export const writes = ["z"]; ${uses}`;
  expect(names(grouped({ one: allow, code: filter, open: set("x"), two: allow }))).toEqual([
    "one two",
    "code",
    "open",
  ]);
});

test("Deny and Allow share a module", () => {
  expect(names(grouped({ one: allow, open: set("x"), deny: "Deny(request);", two: allow }))).toEqual([
    "one deny two",
    "open",
  ]);
});

test("neighbours of one class are fused up to commuting", () => {
  expect(names(grouped({ a: set("x"), b: "Deny(request);", c: set("y") }))).toEqual(["a c", "b"]);
  const reads = 'if (GetHeader(request, "x") == "1") { Deny(request); }';
  expect(names(grouped({ a: set("x"), b: reads, c: set("x") }))).toEqual(["a", "b", "c"]);
  expect(names(grouped({ a: set("x"), b: "filter", c: set("y") }))).toEqual(["a", "b", "c"]);
});

test("order matters only between policies that meet on a call", () => {
  const apart = { code: [["c", "b"]], open: [["a", "b"]] } as const;
  expect(names(grouped({ one: allow, code: "filter", two: allow }, apart))).toEqual(["one two", "code"]);
});

test("Allows that never meet on a call need not share a module", () => {
  const policies = { one: allow, code: "filter", two: allow };
  const meet = {
    code: [
      ["a", "b"],
      ["c", "b"],
    ],
    two: [["c", "b"]],
  } as const;
  expect(names(grouped(policies, meet))).toEqual(["one", "code", "two"]);
});

test("what must come between two Allows is an error that says what to do", () => {
  const { groups, diagnostics } = grouped({ one: allow, code: "filter", two: allow });
  // Allows commute with what declares nothing as little as all else does.
  expect(groups).toEqual([]);
  expect(diagnostics).toMatchObject([{ code: "MOD0201", source: { path: "code.ts" } }]);
  expect(diagnostics[0]?.message).toContain("`code` comes between `one` and `two`");
  expect(diagnostics[0]?.help).toContain("`reads`");
  const onHeader = `if (GetHeader(request, "x") == "1") { ${allow} }`;
  // Copper stands with them, in its place.
  expect(names(grouped({ one: onHeader, open: set("x"), two: onHeader }))).toEqual(["one open two"]);
  expect(grouped({ one: onHeader, open: set("y"), two: onHeader }).diagnostics).toEqual([]);
});

test("an audited Allow judges nothing, fails open and stays where it is", () => {
  const audited = checkPolicies([
    {
      path: "p.cup",
      text: `policy p ( act (Request request) context ('a -> b') mode (audit) ) { ${allow} }`,
    },
  ]);
  const [policy] = audited.policies;
  if (policy === undefined) throw new Error("the policy does not check");
  const placed: PlacedPolicy = { policy: "p", side: "ingress", section: "either", calls: [["a", "b"]] };
  expect(group([{ policy, placed }], commutes).groups).toHaveLength(1);
  expect(failureClass({ policy, placed })).toBe("open");
  expect(failureClass({ policy: { ...policy, mode: "enforce" }, placed })).toBe("closed");
});

test("whatever the policies, order holds where it matters and Allows that meet share a module", () => {
  const body = { allow: bodyOf("Allow(r);"), deny: bodyOf("Deny(r);"), set: bodyOf("") };
  const base = checkPolicies([
    { path: "p.cup", text: `policy p ( act (Request request) context ('a -> b') ) { ${allow} }` },
  ]).policies[0];
  if (base?.kind !== "copper") throw new Error("the policy does not check");
  const item = fc.record({
    kind: fc.constantFrom("allow", "deny", "set", "filter"),
    calls: fc.uniqueArray(fc.constantFrom("x", "y", "z"), { minLength: 1 }),
  });
  const relation = fc.array(fc.boolean(), { minLength: 49, maxLength: 49 });
  fc.assert(
    fc.property(fc.array(item, { maxLength: 7 }), relation, (drawn, free) => {
      const items = drawn.map(({ kind, calls }, index): Item => {
        const name = String(index);
        const placed: PlacedPolicy = {
          policy: name,
          side: "ingress",
          section: "either",
          calls: calls.map((call) => [call, "b"] as const),
        };
        if (kind === "filter") return { policy: { ...base, name, kind, side: "either" }, placed };
        return { policy: { ...base, name, sections: [{ side: "either", body: body[kind] }] }, placed };
      });
      const commute = (p: { readonly name: string }, q: { readonly name: string }): boolean =>
        free[Number(p.name) * 7 + Number(q.name)] === true;
      const { groups, diagnostics } = group(items, commute);
      if (diagnostics.length > 0) return;
      const flat = groups.flat();
      expect([...flat].sort((p, q) => items.indexOf(p) - items.indexOf(q))).toEqual(items);
      items.forEach((p, i) => {
        for (const q of items.slice(i + 1)) {
          if (!p.placed.calls.some(([from]) => q.placed.calls.some(([other]) => other === from))) continue;
          if (isJudge(p) && isJudge(q))
            expect(groups.some((together) => together.includes(p) && together.includes(q))).toBe(true);
          if (!commute(p.policy, q.policy)) expect(flat.indexOf(p)).toBeLessThan(flat.indexOf(q));
        }
      });
      for (const together of groups) {
        if (together.some(({ policy }) => policy.kind === "filter")) expect(together).toHaveLength(1);
        if (!together.some(isJudge)) expect(new Set(together.map(failureClass)).size).toBe(1);
      }
    }),
    { numRuns: 300 },
  );
});
