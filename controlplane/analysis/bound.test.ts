import { expect, test } from "vitest";
import { actions } from "../codegen/actions.ts";
import { checkCopper } from "../language/check.ts";
import { bound, costs } from "./bound.ts";

function boundOf(body: string, clauses = "act (Request r)") {
  const text = `policy p (${clauses} context ("a -> b")) { ${body} }`;
  const { policies, diagnostics } = checkCopper({ path: "p.cup", text });
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  const [policy] = policies;
  return policy && bound(policy);
}

test("it is known what each action costs", () => {
  expect(Object.keys(costs).sort()).toEqual([...actions.keys(), "CountBytes"].sort());
});

test("of two branches the dearer one counts, and of what follows all", () => {
  const one = 'SetHeader(r, "x", "1");';
  // Who is called is asked once.
  expect(boundOf(one)).toEqual({ hostCalls: 2, bytes: 544 });
  expect(boundOf(`${one} ${one}`)?.hostCalls).toBe(3);
  const either = `if (HasHeader(r, "y")) { ${one} ${one} } else if (HasHeader(r, "z")) { ${one} }`;
  expect(boundOf(either)?.hostCalls).toBe(1 + 2 + Math.max(2, 2 + 1));
});

test("texts that are put together take the room of both, also by a name", () => {
  const plain = boundOf('SetHeader(r, "x", "1234567890123456");')?.bytes ?? 0;
  expect(boundOf('SetHeader(r, "x", "12345678" + "12345678");')?.bytes).toBe(plain + 48);
  expect(boundOf('let a = "12345678"; let b = a + a; SetHeader(r, "x", b + b);')?.bytes).toBe(
    plain + 48 + 64,
  );
});

test("a body takes as much as its limit says", () => {
  const small = boundOf('if (BodyContains(r, "x", 1000)) { Deny(r); }')?.bytes ?? 0;
  expect(boundOf('if (BodyContains(r, "x", 17000)) { Deny(r); }')?.bytes).toBe(small + 16_000);
});

test("filter code has no bound", () => {
  const { policies } = checkCopper({ path: "p.cup", text: 'policy p (act (Request r) context ("a")) {}' });
  const [policy] = policies;
  if (policy === undefined) throw new Error("the policy was not read");
  const { sections: _, states: __, ...rest } = policy;
  expect(bound({ ...rest, kind: "filter", side: "either" })).toBeUndefined();
});
