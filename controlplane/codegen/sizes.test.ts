import { expect, test } from "vitest";
import { assemble } from "../../filters/proxy-wasm-as/build/assemble.ts";
import { checkCopper } from "../language/check.ts";
import { generate } from "./generate.ts";

const trivial = [
  ["a header that is set", 'SetHeader(request, "critical", "true");'],
  ["a denial", "Deny(request);"],
  ["a header that is removed", 'RemoveHeader(request, "x-debug");'],
] as const;

/** Each on a header of its own, so that no two share anything. */
const simple = Array.from({ length: 10 }, (_, n) =>
  n % 2 === 0
    ? `if (GetHeader(request, "x-when-${n}") == "yes-${n}") { SetHeader(request, "x-then-${n}", "value-${n}"); }`
    : `if (GetHeader(request, "x-bad-${n}") == "no-${n}") { Deny(request); }`,
);

async function sizeOf(bodies: readonly string[]): Promise<number> {
  const text = bodies
    .map((body, n) => `policy p-${n} ( act (Request request) context ('a -> b') ) { ${body} }`)
    .join("\n---\n");
  const { policies, diagnostics } = checkCopper({ path: "p.cup", text });
  expect(diagnostics).toEqual([]);
  const { bytes, stderr } = await assemble({ entry: generate(policies) });
  expect(stderr).toBe("");
  return bytes?.length ?? 0;
}

test.each(trivial)("a module with one trivial policy, %s, has 2,048 bytes at most", async (_, body) => {
  expect(await sizeOf([body])).toBeLessThanOrEqual(2048);
});

test("each further simple policy has 500 bytes at most", async () => {
  let before = await sizeOf([trivial[0][1]]);
  for (const [n, policy] of simple.entries()) {
    const size = await sizeOf([trivial[0][1], ...simple.slice(0, n + 1)]);
    expect(size - before, policy).toBeLessThanOrEqual(500);
    before = size;
  }
});
