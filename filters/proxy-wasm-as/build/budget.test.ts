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

const BUDGET = 2_000_000;
test.each([
  // What each call is given, in bytes, and how many of them one instruction pays for; of one that is given next to nothing, what a call costs.
  ["a line", "proxy_log(0, 1 << 20, size)", 2 << 20, 16],
  ["the second of two", "proxy_set_shared_data(1 << 20, 1, 1 << 20, size, 0)", 2 << 20, 16],
  ["a map", "proxy_set_header_map_pairs(0, 1 << 20, size)", 2 << 10, 1 / 8],
  ["to a foreign function", "proxy_call_foreign_function(1 << 20, 1, 1 << 20, size, 0, 4)", 1 << 10, 1 / 512],
  [
    "little, to a foreign function",
    "proxy_call_foreign_function(1 << 20, 1, 1 << 20, size >> 7, 0, 4)",
    256,
    1 / 512,
  ],
  ["nothing, to a foreign function", "proxy_call_foreign_function(1 << 20, 1, 0, 0, 0, 4)", 2000, 1],
  ["a header", "proxy_add_header_map_value(0, 1 << 20, 1, 1 << 20, 1)", 2000, 1],
] as const)("what the host is given is paid for: %s", async (_, call, bytes, bytesPerUnit) => {
  const [, name = ""] = /^(\w+)/.exec(call) ?? [];
  const code = `${head}import { ${name} } from "proxy-wasm-as/assembly/env";
export function onRequest(request: Request): void {
  const size = <usize>request.id * ${bytes / 2};
  if (request.headers.has("go")) while (true) ${call};
}`;
  const { bytes: module = new Uint8Array(), problems } = await buildFilter({
    files: { "filter.ts": code },
    budget: BUDGET,
  });
  expect(problems).toEqual([]);
  let calls = 0;
  const host = createHost(module, {
    onCall: (called) => {
      if (`proxy_${called.split(":")[0]}` === name) calls++;
    },
  });
  expect(host.request({ headers: [["go", ""]] }).localReply?.status).toBe(503);
  const most = (BUDGET * bytesPerUnit) / bytes;
  expect(calls).toBeLessThanOrEqual(most + 1);
  // Nor does it cost more: what is left is for the loop, and the call itself.
  expect(calls).toBeGreaterThanOrEqual(Math.floor(most * 0.9));
});

test.each(["arena", "minimal"] as const)("what the host gives is paid for: %s", async (runtime) => {
  const { bytes = new Uint8Array(), problems } = await buildFilter({
    files: {
      "filter.ts": `${head}import { proxy_get_header_map_value } from "proxy-wasm-as/assembly/env";
const go = memory.data<u8>([103, 111]);
const cell = memory.data(8);
export function onRequest(request: Request): void {
  if (request.headers.has("go")) while (true) proxy_get_header_map_value(0, go, 2, cell, cell + 4);
}`,
    },
    budget: BUDGET,
    runtime,
  });
  expect(problems).toEqual([]);
  let calls = 0;
  const host = createHost(bytes, {
    onCall: (called) => {
      if (called === "get_header_map_value") calls++;
    },
  });
  const { logs } = host.request({ headers: [["go", "x".repeat(100_000)]] });
  expect(logs[0]?.message).toBe(
    `filter: callback proxy_on_request_headers went over its budget of ${BUDGET}`,
  );
  expect(calls).toBeLessThanOrEqual(BUDGET / 100_000 + 1);
  expect(calls).toBeGreaterThanOrEqual(BUDGET / 100_000 - 2);
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

test.each([
  [
    "headers",
    'if (request.headers.get("a") == "b") request.headers.set("c", "d" + request.headers.getJoined("e")!);',
    false,
  ],
  ["a reply", 'request.reply(403, "no", [["x-a", request.id.toString()]]);', false],
  [
    "a callout",
    'request.fetch({ cluster: "c", path: "/" }, (request, answer) => { request.resume(); });',
    false,
  ],
  ["a loop of its own", "for (let i = 0; i < 3; i++) request.headers.add('a', 'b');", true],
  ["the library's, with a number", 'request.headers.set("a", "x".repeat(<i32>request.id));', true],
  ["one that is quadratic", 'request.headers.get("a")!.indexOf("b");', true],
  ["one that calls the filter", "[3, 1, 2].sort((a, b) => a - b);", true],
  [
    "a loop of the SDK's that calls the filter",
    'shared.update("a", (value) => value === null ? "" : value.concat("b"));',
    true,
  ],
  ["one that empties the memory", "__collect();", true],
  ["recursion", "again(<i32>request.id);", true],
  ["functions that double", "f39(1);", true],
  ["many loops", "g3(request);", true],
] as const)("who needs a budget: %s", async (_, body, needed) => {
  const many = [0, 1, 2, 3]
    .map((n) => {
      const call = n === 0 ? 'request.headers.get("a")' : `g${n - 1}(request)`;
      return `function g${n}(request: Request): void { ${`${call}; `.repeat(4)} }`;
    })
    .join("\n");
  const code = `import { Request, shared } from "proxy-wasm-as";
export function onRequest(request: Request): void { if (request.headers.has("go")) { ${body} } }
${body.startsWith("f39") ? doubling : ""}
${body.startsWith("g3") ? many : ""}
${body.startsWith("again") ? "function again(n: i32): i32 { return n <= 0 ? 1 : again(n - 1) + again(n - 2); }" : ""}`;
  const { bytes = new Uint8Array(), problems } = await buildFilter({ files: { "filter.ts": code } });
  expect(problems).toEqual([]);
  expect(Buffer.from(bytes).includes("went over its budget")).toBe(needed);
});

test("the larger its memory, the fewer times a filter goes over it without a budget", async () => {
  const code = `${head}export function onRequest(request: Request): void {
  ${'request.headers.set("a", "b");\n'.repeat(8)}
}`;
  const isBounded = async (memory: number): Promise<boolean> => {
    const { bytes = new Uint8Array(), problems } = await buildFilter({
      files: { "filter.ts": code },
      memory,
    });
    expect(problems).toEqual([]);
    return Buffer.from(bytes).includes("went over its budget");
  };
  expect([await isBounded(256), await isBounded(4096), await isBounded(65_536)]).toEqual([false, true, true]);
});

test("a call of the host is no way to go over memory for nothing", async () => {
  const { bytes = new Uint8Array(), problems } = await buildFilter({
    files: {
      "filter.ts": `${head}import { proxy_log } from "proxy-wasm-as/assembly/env";
export function onRequest(request: Request): void { ${"proxy_log(0, 0, request.id); ".repeat(130)} }`,
    },
  });
  expect(problems).toEqual([]);
  expect(Buffer.from(bytes).includes("went over its budget")).toBe(true);
});
