import { expect, test } from "vitest";
import { createHost } from "../testing/index.ts";
import { buildFilter } from "./build-filter.ts";

const head = 'import { Request } from "proxy-wasm-as";\n';
/** Twice as many calls from one function to the next, without a loop and without recursion. */
const doubling = Array.from({ length: 40 }, (_, n) =>
  n === 0
    ? "let calls: i32 = 0; function f0(n: i32): void { if (n != calls) calls++; else calls += 2; }"
    : `function f${n}(n: i32): void { f${n - 1}(n); f${n - 1}(n + calls); }`,
).join("\n");

const endless: readonly (readonly [string, string, string])[] = [
  ["while", "while (true) {}", ""],
  ["for", "let n: u32 = 1; for (;;) { n = n * 3 + 1; if (n == 0) break; }", ""],
  [
    "a step of nothing",
    "const by = <i32>request.headers.getAll('none').length; for (let i = 0; i < 10; i += by) {}",
    "",
  ],
  [
    "a bound that wraps",
    "let n: u32 = 0; for (let i: u32 = 0; i < u32.MAX_VALUE; i += 2) n += load<u8>(i & 255);",
    "",
  ],
  [
    "an unsigned number below nothing",
    "let n: u32 = 0; for (let i: u32 = 9; i >= 0; i--) n += load<u8>(i & 255);",
    "",
  ],
  [
    "a counted loop in an endless one",
    "while (true) { let n: u32 = 0; for (let i: u32 = 0; i < 9; i++) n += load<u8>(i); store<u32>(0, n); }",
    "",
  ],
  [
    "recursion that doubles",
    "twice(60);",
    "function twice(n: i32): i32 { return n == 0 ? 1 : twice(n - 1) + twice(n - 1); }",
  ],
  [
    "two that call one another",
    "even(60);",
    "function even(n: i32): i32 { return n == 0 ? 1 : odd(n - 1) + odd(n - 1); }\nfunction odd(n: i32): i32 { return n == 0 ? 0 : even(n - 1) + even(n - 1); }",
  ],
  [
    "through a table",
    "const next = new Next(); next.call = again; again(next, 50);",
    "class Next { call: ((next: Next, n: i32) => i32) | null = null; }\nfunction again(next: Next, n: i32): i32 { const call = next.call!; return n == 0 ? 1 : call(next, n - 1) + call(next, n - 1); }",
  ],
  ["functions that double", "f39(1);", doubling],
  [
    "the library's loops",
    "let s = 'ab'; while (s.length < 1_000_000_000) s = s.indexOf('c') < 0 ? s.repeat(2).substring(0, 4000) : '';",
    "",
  ],
  ["copies", "while (true) memory.copy(1 << 20, 1 << 19, 1 << 19);", ""],
];

test.each(endless)("%s comes to an end", async (_, body, rest) => {
  const code = `${head}export function onRequest(request: Request): void { if (request.headers.get("go") !== null) { ${body} } }\n${rest}`;
  const { bytes = new Uint8Array(), problems } = await buildFilter({
    files: { "filter.ts": code },
    budget: 2_000_000,
  });
  expect(problems).toEqual([]);
  const host = createHost(bytes);
  expect(host.request({}).localReply).toBeUndefined();
  const start = performance.now();
  const { logs, localReply } = host.request({ headers: [["go", ""]] });
  expect(localReply?.status).toBe(503);
  expect(logs[0]?.message).toBe("filter: callback proxy_on_request_headers went over its budget of 2000000");
  expect(performance.now() - start).toBeLessThan(2000);
});

test("each callback has a budget of its own", async () => {
  const { bytes = new Uint8Array(), problems } = await buildFilter({
    files: {
      "filter.ts": `${head}export function onRequest(request: Request): void {
  let n: u32 = 1; while (n != 50_000) n += load<u8>(64) == 255 ? 2 : 1;
  request.headers.set("n", n.toString());
}`,
    },
    budget: 1_000_000,
  });
  expect(problems).toEqual([]);
  const host = createHost(bytes);
  for (let turn = 0; turn < 10; turn++) expect(host.request({}).requestHeaders).toEqual([["n", "50000"]]);
});
