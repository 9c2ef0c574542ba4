import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { headerMethods } from "./header-uses.ts";
import { readFilter } from "./read-filter.ts";

const head = `import { Request } from "proxy-wasm-as";
export const context = "a -> b";
`;
const empty = "export function onRequest(request: Request): void {}";
const read = (text: string) => readFilter({ path: "f.ts", text: `${head}${text}` });
const codes = (text: string): readonly string[] => read(text).diagnostics.map(({ code }) => code);

test("a denial is seen whatever the shape of the code around it", () => {
  const call = "export function onRequest(request: Request): void { refuse(request); }";
  for (const text of [
    `const refuse = (r: Request): void => { r.deny(403, "no"); };\n${call}`,
    `namespace refusals { export function refuse(r: Request): void { r.deny(403, "no"); } }\n${empty}`,
    `class Refuser { refuse(r: Request): void { r.deny(403, ""); } }\n${empty}`,
    `function code(r: Request): i32 { r.deny(403, ""); return 1; }
export function onRequest(request: Request): void { request.headers.set("a", \`it's \${code(request)} or '\`); }`,
  ]) {
    const { policy, diagnostics } = read(text);
    expect(diagnostics).toEqual([]);
    expect(policy?.actions).toContain("Deny");
    expect(policy?.onLost).toBe("deny");
  }
  const { policy } = read(`// we never deny\nconst text = "deny";\n${empty}`);
  expect(policy).toMatchObject({ actions: [], onLost: "skip" });
});

test("what chooses where a request goes is an action, and makes the filter one of the caller's", () => {
  const code = (call: string, side = "") => `${side}
export function onRequest(request: Request): void { request.${call}; }`;
  for (const [call, action] of [
    ['routeToVersion("v2")', "RouteToVersion"],
    ['setHashKey("a")', "SetHashKey"],
  ] as const) {
    expect(read(code(call)).policy).toMatchObject({ actions: [action], side: "egress" });
    expect(read(code(call, 'export const side = "egress";')).diagnostics).toEqual([]);
    expect(codes(code(call, 'export const side = "ingress";'))).toEqual(["FLT0202"]);
  }
});

test("headers are seen to be written through a variable too", () => {
  const body = 'const h = request.headers; h.set("a", "b");';
  expect(read(`export function onRequest(request: Request): void { ${body} }`).policy?.actions).toEqual([
    "SetHeader",
  ]);
});

test("filter code has the host only through the SDK's first page", () => {
  for (const text of [
    'import { proxy_send_local_response } from "proxy-wasm-as/assembly/env";',
    'import * as env from "./env";',
    'import "fs";',
    'export * from "./other";',
    '@external("env", "proxy_send_local_response") declare function reply(status: u32): u32;',
    'namespace n { @external("env", "proxy_log") declare function say(level: u32): u32; }',
  ])
    expect(codes(`${text}\n${empty}`), text).toEqual(["FLT0204"]);
});

test("what is exported under an unknown name is not passed over", () => {
  const { diagnostics } = read(`export const prioriti = 5; export const parms = 1;\n${empty}`);
  expect(diagnostics).toMatchObject([
    { code: "FLT0205", help: "did you mean `priority`?" },
    { code: "FLT0205", help: "did you mean `params`?" },
  ]);
  expect(codes(`export function onAnswer(request: Request): void {}\n${empty}`)).toEqual(["FLT0205"]);
  const near = read("export function onRequst(request: Request): void {}").diagnostics;
  expect(near).toMatchObject([{ code: "FLT0203", help: "did you mean `onRequest`?" }]);
});

test("callbacks say what a policy is for, and what it may do beside its lists", () => {
  const lists = "export const reads: string[] = []; export const writes: string[] = [];\n";
  const policyOf = (text: string) => {
    const { policy, diagnostics } = read(lists + text);
    expect(diagnostics, text).toEqual([]);
    return policy;
  };
  expect(policyOf("export function onLog(): void {}")).toMatchObject({ act: "Request", actions: [] });
  expect(policyOf("export function onResponseBody(): void {}")).toMatchObject({ responds: true });
  expect(policyOf("export function onData(c: Connection): void { c.close(); }")).toMatchObject({
    act: "Connection",
    actions: ["Deny"],
  });
  expect(policyOf("export const tickPeriod = 50; export function onTick(): void {}")).toMatchObject({
    tickPeriod: 50,
  });
  for (const answer of ['r.reply(403, "no");', "r.reset();", "r.replyBytes(403, new Uint8Array(0));"])
    expect(policyOf(`export function onRequest(r: Request): void { ${answer} }`)?.actions).toEqual(["Deny"]);
  const body = 'export function onRequestBody(r: Request): void { r.body.append("x"); }';
  expect(policyOf(body)).toMatchObject({ changesBodies: true });
  // Its request goes on without a length, for a body may be written so.
  const adds = "export function onRequestBody(r: Request, size: u32): void { new List().append(size); }";
  expect(policyOf(adds)).toMatchObject({ changesBodies: true });
  for (const others of [adds.replace("(size)", "(size, 1)"), adds.replace("Body", "")])
    expect(policyOf(others)?.changesBodies, others).toBeUndefined();
  const kept =
    'import { PerStream } from "proxy-wasm-as"; class S { n: u32 = 0; }\nconst s = new PerStream<S>();';
  expect(policyOf(`${kept}\n${empty}`)).toMatchObject({ side: "either" });
  const own = "class Counter { n: u32 = 0; }\nconst c = new Counter();";
  expect(codes(`${own}\n${empty}`)).toEqual(["FLT0206"]);
  expect(codes(`const size: i32 = sizeOf();\n${empty}`)).toEqual([]);
  const shared = 'import { shared } from "proxy-wasm-as";\nexport const side = "egress";';
  expect(policyOf(`${shared}\n${empty}`)).toMatchObject({ keepsState: true });
  expect(codes(`import { shared } from "proxy-wasm-as";\n${empty}`)).toEqual(["FLT0206"]);
});

test.each([
  ["FLT0212", "export function onRequest(r: Request, last: bool, more: i32): void {}"],
  ["FLT0212", "export function onRequest(r: Request): u32 { return 0; }"],
  ["FLT0212", "export function onDelete(): Flow { return Flow.Continue; }"],
  ["FLT0213", "export function onConfigure(): bool { return true; }"],
  ["FLT0213", `export function onData(): void {}\n${empty}`],
  ["FLT0214", "export function onTick(): void {}"],
  ["FLT0214", `export const tickPeriod = 5;\n${empty}`],
  ["FLT0202", "export const tickPeriod = 0;\nexport function onTick(): void {}"],
  ["FLT0202", "export const tickPeriod = 0.5;\nexport function onTick(): void {}"],
])("%s: %s", (code, text) => expect(codes(text)).toEqual([code]));

test("parameters are the fields of one class", () => {
  const fields = `small: i32 = -5; large: i64 = 9000000000; share: f64 = 0.5;
  strict: bool = true; agent: string = "scra\\"per";`;
  const { policy, diagnostics } = read(
    `class Params { ${fields} }\nexport const params = new Params();\n${empty}`,
  );
  expect(diagnostics).toEqual([]);
  expect(policy?.side).toBe("either");
  expect(policy?.parameters.map(({ name, type, default: { value } }) => [name, type, value])).toEqual([
    ["small", "int", -5n],
    ["large", "int", 9000000000n],
    ["share", "float", 0.5],
    ["strict", "bool", true],
    ["agent", "string", 'scra"per'],
  ]);
});

test("what is no parameter is said at its place", () => {
  const wrong = (text: string): readonly string[] =>
    read(`${text}\n${empty}`).diagnostics.map(({ message }) => message);
  const one = (field: string): readonly string[] =>
    wrong(`class Params { ${field} }\nexport const params = new Params();`);
  expect(wrong("export const params = 5;")).toEqual([
    "`params` takes a new object of a plain class of this file",
  ]);
  expect(one("limit: i64 = 1 + 1;")).toEqual(["the default of `limit` is not an int"]);
  expect(one("limit: i32 = 3000000000;")).toEqual(["the default of `limit` is not an int"]);
  expect(one("limit: i64;")).toEqual(["the default of `limit` is not an int"]);
  expect(one('agent: string = "a\\tb";')).toEqual(["the text of a parameter has no `\\t`"]);
  expect(one("limit: u8 = 1;")).toEqual(["parameter `limit` has no type that can be configured"]);
  expect(one("static limit: i64 = 1;")).toContain("`limit` is no parameter");
  expect(one("twice(): i64 { return 2; }")).toEqual(["`twice` is no parameter"]);
});

test("names may be exported at the end", () => {
  const text = `import { Request } from "proxy-wasm-as";
const context = "a -> b";
function onRequest(request: Request): void {}
export { context, onRequest };`;
  const { policy, diagnostics } = readFilter({ path: "f.ts", text });
  expect(diagnostics).toEqual([]);
  expect(policy?.name).toBe("f");
});

test("code that is nested beyond what asc's parser can take is a diagnostic", () => {
  const deep = `const a = ${"(".repeat(50_000)}1${")".repeat(50_000)};`;
  expect(codes(`${deep}\n${empty}`)).toEqual(["FLT0101"]);
});

test("state that outlives a request means ingress, and a warning says so", () => {
  const stateful = [
    "let count = 0;",
    "const seen = new Set<string>();",
    "const cell = memory.data(8);",
    "const list: string[] = [];\nfunction keep(): void { list.push(`x`); }",
    "const list: i32[] = [0];\nfunction keep(): void { list[0]++; }",
    "const list: i32[] = [0];\nfunction keep(): void { list[0] += 1; }",
    "const list: i32[] = [0];\nfunction keep(): i32[] { return list; }",
    "class C { static count: i32 = 0; }",
    "namespace n { export let count = 0; }",
  ];
  for (const text of stateful) {
    const { policy, diagnostics } = read(`${text}\n${empty}`);
    expect(diagnostics, text).toMatchObject([{ code: "FLT0206", severity: "warning" }]);
    expect(policy?.side).toBe("ingress");
    expect(read(`${text}\nexport const side = "egress";\n${empty}`).diagnostics).toEqual([]);
  }
});

test("constants and tables to look things up in are no state", () => {
  for (const text of [
    "const limit: i32 = 5 * 60;",
    'const long = "ab".repeat(3);',
    'const bad = ["curl", "wget"];\nfunction isBad(name: string): bool { return bad.includes(name) || bad[0] == name || bad.length == 3; }',
    "const twice = (n: i32): i32 => { const box = new Array<i32>(); return n * 2; };",
    "class C { static readonly limit: i32 = 5; count: i32 = 0; }",
    "function local(): i32 { let n = 0; const list = new Array<i32>(); return n; }",
    "export const reads: string[] = []; export const writes: string[] = [];",
  ]) {
    const { policy, diagnostics } = read(`${text}\n${empty}`);
    expect(diagnostics, text).toEqual([]);
    expect(policy?.side).toBe("either");
  }
});

describe("what filter code reads and writes is held against its lists", () => {
  const lists = 'export const reads = ["a"]; export const writes = ["b"];';
  const used = 'r.headers.get("A"); r.headers.set("B", "");';
  const inBody = (body: string, around = ""): readonly string[] =>
    codes(`${lists}\n${around}\nexport function onRequest(r: Request): void { ${used} ${body} }`);

  test.each([
    ["the first value", 'r.headers.get("c");'],
    ["all values", 'r.headers.getAll("c");'],
    ["one more value", 'r.headers.add("c", "");'],
    ["none any more", 'r.headers.remove("c");'],
    ["listed as written only", 'r.headers.get("b");'],
    ["through a variable", 'const h = r.headers; const i = h; i.get("c");'],
    ["through a new object", 'new Headers().get("c");', 'import { Headers } from "proxy-wasm-as";'],
    [
      "under another name",
      "f(r.headers);",
      'import { Headers as H } from "proxy-wasm-as"; function f(h: H): void { h.get("c"); }',
    ],
    [
      "through a function",
      'f(r).get("c");',
      'import { Headers } from "proxy-wasm-as"; function f(r: Request): Headers { return r.headers; }',
    ],
    ["by a constant", "r.headers.get(name);", 'const other = "c"; const name = other;'],
    ["one of two", 'r.headers.get(r.callee === null ? "a" : "c");'],
    ["in parentheses", '(r.headers).get(("c"));'],
  ])("%s", (_, body, around?: string) => {
    expect(inBody(body, around)).toEqual(["FLT0208"]);
  });

  test.each([
    ["no constant", "r.headers.get(name);", 'let name = "a";', ["FLT0209"]],
    [
      "a parameter",
      "f(r, 'a');",
      "function f(r: Request, name: string): void { r.headers.get(name); }",
      ["FLT0209"],
    ],
    [
      "a constant of two functions",
      "const n = 'a'; r.headers.get(n);",
      "function f(): void { const n = 'z'; }",
      ["FLT0209"],
    ],
    [
      "headers here, a map there",
      'const h = r.headers; h.get("c");',
      "function f(): void { const h = new Map<string, i32>(); h.get('d'); }",
      ["FLT0209", "FLT0209"],
    ],
  ])("computed: %s", (_, body, around, expected) => {
    expect(inBody(body, around).filter((code) => code !== "FLT0206")).toEqual(expected);
  });

  test.each([
    ["the type has another name", 'const h: H = r.headers; h.set("b", "");', "type H = Headers;"],
    ["a list", '[r.headers][0].set("b", "");', ""],
    ["a generic function", "put(r.headers);", 'function put<T>(v: T): void { v.set("b", ""); }'],
    ["a function in a variable", "put(r.headers);", 'const put = (h: Headers): void => { h.set("b", ""); };'],
    ["a number", 'changetype<Headers>(1).set("b", "");', ""],
    ["a field", "const x = new X(); x.h = r.headers;", "class X { h: Headers | null = null; }"],
    ["either", '(r.callee === null ? r.headers : r.headers).set("b", "");', ""],
    ["a method", "r.headers.set;", ""],
    ["a variable that changes", 'let h = r.headers; h = r.trailers; h.set("b", "");', ""],
    ["a class of its own", "", "class Own extends Headers {}"],
    ["all of the SDK", "", 'import * as sdk from "proxy-wasm-as";'],
    ["all headers", 'r.headers.replaceAll([["b", ""]]);', ""],
    ["a constant that is hidden", 'const n = "b"; r.headers.set(n, "");', 'const n = "a";'],
    ["a name that is put together", 'r.headers.set("b" + "", "");', ""],
    [
      "the status of something",
      "new Own().status;",
      "class Own { status: i32 = 0; } function f(r: Response): void {}",
    ],
    [
      "any property",
      'properties.get("request.headers." + "b");',
      'import { properties } from "proxy-wasm-as";',
    ],
    ["a foreign function", 'foreign.call("f", "");', 'import { foreign } from "proxy-wasm-as";'],
  ])("lists are not believed where the headers go through %s", (_, body, around) => {
    const { policy, diagnostics } = read(
      `${lists}\nimport { Headers, Request } from "proxy-wasm-as";\n${around}
      export function onRequest(r: Request): void { ${used} ${body} }`,
    );
    expect(new Set(diagnostics.map(({ code }) => code).filter((code) => code !== "FLT0206"))).toEqual(
      new Set(["FLT0209"]),
    );
    expect(policy).toBeDefined();
    expect(policy).not.toHaveProperty("reads");
    expect(policy).not.toHaveProperty("writes");
  });

  test.each([
    ["of trailers", 'r.trailers.set("c", "");', ""],
    ["of the status", "", "function onResponse(s: Response): void { if (s.status == 200) return; }"],
    ["of a property", "properties.request.path;", 'import { properties } from "proxy-wasm-as";'],
    ["joined", 'r.headers.getJoined("c");', ""],
  ])("a use %s", (_, body, around) => {
    expect(inBody(body, around)).toEqual(["FLT0208"]);
  });

  test("every method of the SDK's headers reads or writes", () => {
    const sdk = readFileSync(
      new URL("../../filters/proxy-wasm-as/assembly/headers.ts", import.meta.url),
      "utf8",
    );
    const methods = [...sdk.matchAll(/^ {2}(\w+)\(.*\{$/gm)].map(([, name]) => name);
    expect([...headerMethods.keys()].sort()).toEqual(methods.sort());
  });

  test.each([
    ["a map", 'const m = new Map<string, i32>(); m.set("c", 1); m.get("c");'],
    ["a set", 'const s = new Set<string>(); s.add("c");'],
    ["both lists", 'r.headers.getAll("a"); r.headers.add("b", "");'],
  ])("content with %s", (_, body) => {
    expect(inBody(body)).toEqual([]);
  });

  test("a list that is not there is compared with nothing, and what may be anything uses all of a list", () => {
    const body = (text: string) => `export function onRequest(r: Request): void { ${text} }`;
    expect(codes(body('r.headers.get("c");'))).toEqual([]);
    expect(
      codes(`export const reads = ["a"];\n${body('r.headers.get("a"); r.headers.set("c", "");')}`),
    ).toEqual([]);
    expect(codes(`export const reads = ["a"];\n${body("")}`)).toEqual(["FLT0210"]);
    expect(codes(`export const reads = ["a"];\n${body('r.headers.get("a" + "b");')}`)).toEqual(["FLT0209"]);
  });

  test("the whole list is offered in its place", () => {
    const [found] = read(
      `export const reads: string[] = [];\nexport function onRequest(r: Request): void { r.headers.get("C"); }`,
    ).diagnostics;
    expect(found?.suggestions?.map(({ text }) => text)).toEqual(['["c"]']);
  });
});

test.each([
  ["function handle(request: Request): void {}\nexport { handle as onRequest };", "onRequest }"],
  ["export default function onRequest(request: Request): void {}", "onRequest("],
  ["export const onRequest = (request: Request): void => {};", "onRequest ="],
])("a callback that nobody would call is shown where it is: %s", (code, at) => {
  const text = `import { Request } from "proxy-wasm-as";\nexport const context = "a -> b";\n${code}\n`;
  const { diagnostics } = readFilter({ path: "a.ts", text });
  expect(diagnostics).toMatchObject([
    {
      code: "FLT0203",
      message: "a callback is exported as a function of its own name only",
      span: { start: text.indexOf(at) },
    },
  ]);
});

test("a filter that names the header of claims reads claims, and one that replies denies", () => {
  const claims = `const NAME = "X-Wire-Claims"; export function onRequest(request: Request): void {
    if (!request.headers.has(NAME)) request.reply(401); }`;
  expect(read(claims).policy?.actions).toEqual(["Deny", "GetHeader", "GetClaim"]);
});
