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
  const { logs, localReply } = host.request({ headers: [["go", ""]] });
  expect(localReply?.status).toBe(503);
  expect(logs[0]?.message).toBe("filter: callback proxy_on_request_headers went over its budget of 2000000");
});

/** Functions that call themselves until their number is 5, so that an even one has no end. */
const recursions: readonly (readonly [string, string])[] = [
  ["itself", "function down(n: i32): i32 { return n == 5 ? 0 : down(n + 2) + 1; }"],
  [
    "without an argument or a value",
    "let n = 0; function down(to: i32): i32 { n = to; turn(); return n; } function turn(): void { n += 2; if (n != 5) turn(); n--; }",
  ],
  [
    "one another",
    "function down(n: i32): i32 { return n == 5 ? 0 : other(n + 2, n) + 1; } function other(n: i32, m: i32): i32 { return n == m ? 3 : down(n) * m; }",
  ],
  [
    "through a table",
    "class Next { call: ((next: Next, n: i32) => i32) | null = null; } function down(n: i32): i32 { const next = new Next(); next.call = again; return again(next, n); } function again(next: Next, n: i32): i32 { const call = next.call!; return n == 5 ? 1 : call(next, n + 2) + 1; }",
  ],
  [
    "with much to keep",
    `function down(n: i32): i32 { if (n == 5) return 0; store<i32>(1 << 20, n); ${Array.from({ length: 100 }, (_, i) => `const a${i} = load<i64>((1 << 20) + (n & ${i}));`).join(" ")} store<i32>(1 << 20, down(n + 2)); return <i32>(${Array.from({ length: 100 }, (_, i) => `a${i}`).join(" ^ ")}); }`,
  ],
];

test.each(
  (["arena", "minimal"] as const).flatMap((runtime) => recursions.map((each) => [...each, runtime] as const)),
)("a function that calls %s goes so far, and its policy is named: %s", async (_, rest, runtime) => {
  const code = `${head}export function onRequest(request: Request): void {
  const from = request.headers.get("from");
  if (from !== null) request.headers.set("found", down(<i32>parseInt(from)).toString());
}
${rest}`;
  const built = async (stack?: number): Promise<Uint8Array> => {
    const options = { files: { "filter.ts": code }, name: "deep", runtime };
    const { bytes = new Uint8Array(), problems } = await buildFilter(
      stack === undefined ? options : { ...options, stack },
    );
    expect(problems).toEqual([]);
    return bytes;
  };
  const [usual, small, large] = [await built(), await built(10), await built(768)];
  for (const [bytes, stack] of [
    [usual, 512],
    [small, 10],
    [large, 768],
  ] as const) {
    const { logs, localReply } = createHost(bytes).request({ headers: [["from", "6"]] });
    expect(logs.map(({ message }) => message)).toEqual([
      `deep: callback proxy_on_request_headers went over its stack of ${stack} KiB`,
      "wasm failed in proxy_on_request_headers: unreachable",
    ]);
    expect(localReply?.status).toBe(503);
  }
  const from = (calls: number) => ({ headers: [["from", `${5 - 2 * calls}`]] as const });
  expect(createHost(small).request(from(400)).localReply?.status).toBe(503);
  // What a callback took is there again for the next.
  const host = createHost(usual);
  for (let turn = 0; turn < 4; turn++) expect(host.request(from(400)).localReply).toBeUndefined();
});

const BUDGET = 2_000_000;
test.each([
  // What each call is given, in bytes, and how many of them one instruction pays for; of one that is given next to nothing, what a call costs.
  ["a line", "proxy_log(0, 1 << 20, size)", 2 << 20, 16],
  ["the second of two, which it keeps", "proxy_set_shared_data(1 << 20, 1, 1 << 20, size, 0)", 1 << 18, 2],
  ["a body, which it keeps", "proxy_set_buffer_bytes(0, u32.MAX_VALUE, 0, 1 << 20, size)", 1 << 18, 2],
  ["a message, which it keeps", "proxy_grpc_send(1, 1 << 20, size, 0)", 1 << 18, 2],
  ["a long header", "proxy_replace_header_map_value(0, 1 << 20, 1, 1 << 20, size)", 1 << 18, 2],
  ["a map", "proxy_set_header_map_pairs(0, 1 << 20, size)", 2 << 10, 1 / 8],
  ["to a foreign function", "proxy_call_foreign_function(1 << 20, 1, 1 << 20, size, 0, 4)", 1 << 10, 1 / 512],
  [
    "little, to a foreign function",
    "proxy_call_foreign_function(1 << 20, 1, 1 << 20, size >> 7, 0, 4)",
    256,
    1 / 512,
  ],
  ["to `compress`", "proxy_call_foreign_function(compress, 8, 1 << 20, size, 0, 4)", 1 << 14, 1 / 32],
  ["nothing, to a foreign function", "proxy_call_foreign_function(1 << 20, 1, 0, 0, 0, 4)", 2000, 1],
  ["a header", "proxy_add_header_map_value(0, 1 << 20, 1, 1 << 20, 1)", 2000, 1],
] as const)("what the host is given is paid for: %s", async (_, call, bytes, bytesPerUnit) => {
  const [, name = ""] = /^(\w+)/.exec(call) ?? [];
  const code = `${head}import { ${name} } from "proxy-wasm-as/assembly/env";
const compress = memory.data<u8>([${[...Buffer.from("compress")].join(", ")}]);
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

test("what the host is given through a variable is paid for", async () => {
  const { bytes = new Uint8Array(), problems } = await buildFilter({
    files: {
      "filter.ts": `${head}import { proxy_log } from "proxy-wasm-as/assembly/env";
const say: (level: i32, text: usize, size: usize) => i32 = proxy_log;
let other: (level: i32, text: usize, size: usize) => i32 = say;
export function onRequest(request: Request): void {
  const size = <usize>request.id << 19;
  if (request.headers.has("go")) while (true) other(0, 1 << 20, size);
}`,
    },
    budget: BUDGET,
  });
  expect(problems).toEqual([]);
  let calls = 0;
  const host = createHost(bytes, {
    onCall: (called) => {
      if (called === "log") calls++;
    },
  });
  expect(host.request({ headers: [["go", ""]] }).localReply?.status).toBe(503);
  // 1 MiB each, of which one instruction pays for 16 bytes, and the line that says why.
  const most = (BUDGET * 16) / (1 << 20);
  expect(calls).toBeLessThanOrEqual(most + 2);
  expect(calls).toBeGreaterThan(most * 0.9);
});

test("a look at headers pays for those that were added, in this callback and in those before", async () => {
  const budget = 20_000_000;
  const added = 2000;
  const { bytes = new Uint8Array(), problems } = await buildFilter({
    files: {
      "filter.ts": `import { Request, Response } from "proxy-wasm-as";
import { proxy_add_header_map_value, proxy_get_header_map_value, proxy_get_property } from "proxy-wasm-as/assembly/env";
const name = memory.data<u8>([97, 98]);
const path = memory.data<u8>([${[...Buffer.from("request.headers\0ab")].join(", ")}]);
const cell = memory.data(8);
export function onRequest(request: Request): void {
  const look = request.headers.get("look");
  if (request.headers.has("add")) for (let i = 0; i < ${added}; i++) proxy_add_header_map_value(0, name, 1, 0, 0);
  if (look === null) return;
  if (look == "property") while (true) proxy_get_property(path, 18, cell, cell + 4);
  while (true) proxy_get_header_map_value(0, name + 1, 1, cell, cell + 4);
}`,
    },
    budget,
  });
  expect(problems).toEqual([]);
  const looks = (...names: readonly string[]): ((look: string) => number) => {
    let calls = 0;
    const host = createHost(bytes, {
      failure: "open",
      onCall: (called) => {
        if (called === "get_header_map_value" || called === "get_property") calls++;
      },
    });
    return (look) => {
      if (names.includes("before")) host.request({ headers: [["add", ""]] });
      expect(host.failure).toBeNull();
      calls = 0;
      const { logs } = host.request({
        headers: [["look", look], ...(names.includes("add") ? [["add", ""] as const] : [])],
      });
      expect(logs[0]?.message).toContain("went over its budget");
      return calls;
    };
  };
  for (const [look, rate] of [
    ["header", 1],
    ["property", 4],
  ] as const) {
    expect(looks()(look)).toBeGreaterThan((budget / 200) * 0.9);
    // Of those that an earlier callback added, the first 256 cost nothing.
    for (const [way, left, headers] of [
      [["add"], budget - 2000 * added, added],
      [["before"], budget, added - 256],
      [["add", "before"], budget - 2000 * added, 2 * added - 256],
    ] as const) {
      const most = left / (200 + rate * headers);
      const calls = looks(...way)(look);
      expect(calls, `${look} ${way.join()}`).toBeLessThanOrEqual(most + 3);
      expect(calls, `${look} ${way.join()}`).toBeGreaterThan(most * 0.8);
    }
  }
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
  ["one that empties the memory", "collect();", true],
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
import { collect } from "proxy-wasm-as/assembly/entry";
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

test.each([
  ["arena", "budget"],
  ["minimal", "budget"],
  ["arena", "none"],
] as const)("who uses up the memory is named: %s, %s", async (runtime, kind) => {
  const endless = "while (true) all.push(new Uint8Array(1 << 16));";
  // Of 60 KB that it is given, without a loop.
  const doubled = `let text = request.body.text()!; ${"text += text; ".repeat(9)}`;
  const code = `${head}export function onRequestBody(request: Request, size: u32): void {
  if (size < 1000) return;
  const all: Uint8Array[] = [];
  ${kind === "budget" ? endless : doubled}
}`;
  const { bytes = new Uint8Array(), problems } = await buildFilter({
    files: { "filter.ts": code },
    name: "hoarder",
    runtime,
    memory: 64,
  });
  expect(problems).toEqual([]);
  expect(Buffer.from(bytes).includes("went over its budget")).toBe(kind === "budget");
  const host = createHost(bytes);
  const { logs } = host.request({ body: "x".repeat(60_000) });
  expect(host.failure).toBe("unreachable");
  expect(logs[0]).toEqual({ level: 5, message: "hoarder: went over its memory of 64 pages of 64 KiB" });
});

test("memory that a filter asks for itself may be refused, and it goes on", async () => {
  const { bytes = new Uint8Array(), problems } = await buildFilter({
    files: {
      "filter.ts": `${head}export function onRequest(request: Request): void {
  request.headers.set("grown", memory.grow(1 << 14).toString());
}`,
    },
  });
  expect(problems).toEqual([]);
  expect(createHost(bytes).request({}).requestHeaders).toEqual([["grown", "-1"]]);
});
