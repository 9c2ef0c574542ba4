import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createHost } from "../testing/index.ts";
import { type BuildFilterOptions, buildFilter } from "./build-filter.ts";

const build = (code: string, options: Omit<BuildFilterOptions, "files"> = {}) =>
  buildFilter({ files: { "filter.ts": code }, ...options });

function exportsOf(bytes: Uint8Array = new Uint8Array()): readonly string[] {
  return WebAssembly.Module.exports(new WebAssembly.Module(Uint8Array.from(bytes))).map(({ name }) => name);
}

test("a module exports the callbacks of its filter, and no other", async () => {
  const { bytes, problems } = await build(`import { Request } from "proxy-wasm-as";
export function onRequest(request: Request): void { request.headers.set("x-a", "b"); }`);
  expect(problems).toEqual([]);
  expect([...exportsOf(bytes)].sort()).toEqual([
    "memory",
    "proxy_abi_version_0_2_1",
    "proxy_on_memory_allocate",
    "proxy_on_request_headers",
  ]);
  expect(createHost(bytes ?? new Uint8Array()).request({}).requestHeaders).toEqual([["x-a", "b"]]);
});

test("parameters may be left out, and what is returned is a flow, or nothing", async () => {
  const { bytes, problems } = await build(
    `import { Flow, log, PerStream, Response, Stream, Connection } from "proxy-wasm-as";
class Seen { pieces: u32 = 0; }
const seen = new PerStream<Seen>();
export function onConfigure(text: string): bool { return text == "yes"; }
export function onRequestBody(): Flow { return Flow.Continue; }
export function onResponseBody(response: Response, size: u32): void { log.info("body " + size.toString()); }
export function onLog(): void { log.info("log"); }
function onDelete(stream: Stream): void { log.info("delete"); }
export { onDelete };
export function onConnection(): Flow { return Flow.Continue; }
export function onClose(connection: Connection): void {}`,
    { configuration: "yes" },
  );
  expect(problems).toEqual([]);
  const host = createHost(bytes ?? new Uint8Array(), { configuration: "yes" });
  const { logs } = host.exchange({ body: "a", response: { body: "bc" } });
  expect(logs.map(({ message }) => message)).toEqual(expect.arrayContaining(["body 2", "log", "delete"]));
  expect((await build("export function onConfigure(): bool { return false; }")).problems[0]?.message).toMatch(
    /^it does not run: /,
  );
});

test("who asks somebody hears the answer, whatever is imported for it", async () => {
  const { bytes, problems } = await build(`import { Answer, Flow, Request } from "proxy-wasm-as";
export function onRequest(request: Request, last: bool): Flow {
  request.headers.set("x-last", last ? "1" : "0");
  request.fetch({ cluster: "auth", path: "/check" }, checked);
  return Flow.Pause;
}
function checked(request: Request, answer: Answer): void { request.resume(); }`);
  expect(problems).toEqual([]);
  const host = createHost(bytes ?? new Uint8Array());
  host.onFetch("auth", () => ({ status: 200 }));
  expect(host.request({})).toMatchObject({ action: "continue", requestHeaders: [["x-last", "1"]] });
});

test("what is wrong is said of the author's place", async () => {
  const code = `import { Request } from "proxy-wasm-as";
export function onReqest(request: Request): void {}
export function onTick(now: u64): void {}`;
  const { bytes, problems } = await build(code);
  expect(bytes).toBeUndefined();
  expect(problems.map(({ message, start, end }) => [message, code.slice(start, end)])).toEqual([
    [
      expect.stringMatching(/^nothing calls `onReqest`, do you mean `onRequest`\?; there are `onVmStart`, /),
      "onReqest",
    ],
    ["`onTick` has 0 parameters at most", "onTick"],
  ]);
  const typed = 'export function onTick(): void { let a: i32 = "b"; }';
  const [found] = (await build(typed)).problems;
  expect(typed.slice(found?.start, found?.end)).toBe('"b"');
  expect((await build("export const a = 1;")).problems[0]?.message).toContain("exports no callback");
});

const written = "write `export function onRequest(request: Request, last: bool): Flow { … }`";
test.each([
  [
    "export const onRequest = (request: Request): void => {};",
    "onRequest",
    `\`onRequest\` is a constant or a variable, which nothing calls: ${written}`,
  ],
  [
    "export default function onRequest(request: Request): void {}",
    "onRequest",
    `\`onRequest\` is the default export, which nothing calls: ${written}`,
  ],
  [
    "export function onTick(): void {} function handle(request: Request): void {} export { handle as onRequest };",
    "onRequest",
    `\`onRequest\` is another name of a function, which nothing calls: ${written}`,
  ],
  [
    "export class F { onRequest(request: Request): void {} }",
    "onRequest",
    `\`onRequest\` is a method of \`F\`, which nothing calls: ${written}`,
  ],
  [
    "function onRequest(request: Request): void {}",
    "onRequest",
    `\`onRequest\` is a function that is not exported, which nothing calls: ${written}`,
  ],
  [
    "export async function onRequest(request: Request): void {}",
    "async function onRequest",
    `\`onRequest\` is an \`async\` function, which nothing calls: ${written}`,
  ],
  [
    "export function onTick(): void {} export function proxy_on_done(context: u32): u32 { return 1; }",
    "proxy_on_done",
    expect.stringMatching(
      /^`proxy_on_done` is for the entry around a filter, which nothing here calls; there are /,
    ),
  ],
  [
    "export function onTick(): void {} export function malloc(size: usize): usize { return 0; }",
    "malloc",
    expect.stringMatching(/^`malloc` is for the entry/),
  ],
  [
    "export function onRequest(request: Request): Status { return Status.NotFound; }",
    "onRequest",
    "`onRequest` returns `Flow` or nothing, not `Status`",
  ],
  ["export function onLog(): bool { return true; }", "onLog", "`onLog` returns nothing, not `bool`"],
  [
    "export function onRequest(request: Response): void {}",
    "onRequest",
    "`onRequest` is written `export function onRequest(request: Request, last: bool): Flow { … }`: type `Request` is not assignable to type `Response`",
  ],
  [
    "export function onTick(): void { log.info(Math.random().toString()); }",
    "Math.random",
    "a proxy has no `Math.random`: import `random` from `proxy-wasm-as`",
  ],
  [
    "export function onTick(): void { log.info(Date.now().toString()); }",
    "Date.now",
    "a proxy has no `Date.now`: import `now`, in nanoseconds, from `proxy-wasm-as`",
  ],
  [
    "declare function theirs(): void; export function onTick(): void { theirs(); }",
    "theirs",
    "a proxy has no `theirs`",
  ],
])("what would silently do nothing, or other than meant, is refused: %s", async (text, at, message) => {
  const code = `import { Flow, log, Request, Response, Status } from "proxy-wasm-as";\n${text}`;
  const { bytes, problems } = await build(code);
  expect(bytes).toBeUndefined();
  expect(problems.map(({ message, start, end }) => [message, code.slice(start, end)])).toEqual([
    [message, at],
  ]);
});

test("a flow may have another name", async () => {
  const { problems } = await build(
    'import { Flow as F } from "proxy-wasm-as"; export function onRequest(): F { return F.Continue; }',
  );
  expect(problems).toEqual([]);
});

test("the arena is refused where something is kept, and is enough for parameters", async () => {
  const code = 'let last: string = "";\nexport function onTick(): void { last = last + "a"; }';
  const { bytes, problems } = await build(code, { runtime: "arena" });
  expect(bytes).toBeUndefined();
  expect(problems.map(({ message, start, end }) => [message, code.slice(start, end)])).toEqual([
    [
      "`last` may keep what a callback makes, which the runtime `arena` takes back when that ends: leave it out, or say `minimal`",
      "last",
    ],
  ]);
  const ofPlugins = await build(
    'import { PerPlugin } from "proxy-wasm-as";\nclass P {}\nconst p = new PerPlugin<P>();\nexport function onTick(): void {}',
    { runtime: "arena" },
  );
  expect(ofPlugins.problems.map(({ message }) => message)).toContainEqual(
    expect.stringMatching(/^a `PerPlugin` keeps/),
  );
  const configured =
    'class P { name: string = "a"; }\nexport const params = new P();\nexport function onTick(): void {}';
  const [byDefault, arena] = [await build(configured), await build(configured, { runtime: "arena" })];
  expect(arena.problems).toEqual([]);
  expect(byDefault.bytes).toEqual(arena.bytes);
});

test("budget and memory are the module's own", async () => {
  const { bytes, problems } = await build(
    `import { Request } from "proxy-wasm-as";
export function onRequest(request: Request): void { if (request.headers.get("loop") !== null) while (true) {} }`,
    { name: "mine", budget: 100_000, memory: 64 },
  );
  expect(problems).toEqual([]);
  const { logs } = createHost(bytes ?? new Uint8Array()).request({ headers: [["loop", ""]] });
  expect(logs[0]?.message).toBe("mine: callback proxy_on_request_headers went over its budget of 100000");
  const more = await build("export function onTick(): void { memory.grow(1); }", { memory: 500 });
  expect(more.problems).toEqual([]);
});

test("a filter whose every request is endless is not built", async () => {
  const { problems } = await build(
    'import { Request } from "proxy-wasm-as"; export function onRequest(request: Request): void { while (true) {} }',
  );
  expect(problems[0]?.message).toContain("went over its budget of 50000000");
});

test("objects that are kept need a runtime that keeps them", async () => {
  const kept = await build(`import { Request } from "proxy-wasm-as";
let last: string = "";
export function onRequest(request: Request): void {
  request.headers.set("x-last", last);
  const now = request.headers.get("x-now");
  last = now === null ? "" : now + "!";
}`);
  expect(kept.problems).toEqual([]);
  const host = createHost(kept.bytes ?? new Uint8Array());
  host.request({ headers: [["x-now", "one"]] });
  for (let i = 0; i < 100; i++) host.request({ headers: [["x-now", "n".repeat(i)]] });
  expect(host.request({}).requestHeaders).toEqual([["x-last", `${"n".repeat(99)}!`]]);
});

test.each([
  ["last: string = '';", "last"],
  ["last: string | null = null;", "last"],
  ["n: u32 = 0; list: u32[] = [];", "list"],
  ["view: Uint8Array = new Uint8Array(4);", "view"],
  ["other: Other | null = null;", "other"],
  ["raw: Raw | null = null;", "raw"],
])("a record that refers to an object is refused: %s", async (fields, name) => {
  for (const runtime of ["arena", "minimal"] as const) {
    const code = `import { PerStream as Kept, Request } from "proxy-wasm-as";
class Other {}
@unmanaged class Raw { n: u32 = 0; }
class Base { ${fields} }
class State extends Base { open: bool = false; }
type Alias = State;
const states = new Kept<Alias>();
export function onRequest(request: Request): void { states.of(request).open = true; }`;
    const { bytes, problems } = await build(code, { runtime });
    expect(bytes).toBeUndefined();
    expect(problems).toHaveLength(1);
    const [{ message, file, start, end } = { message: "" }] = problems;
    expect([file, code.slice(start, end)]).toEqual(["filter.ts", name]);
    expect(message).toBe(
      `\`${name}\` of \`State\` is an object, which the stream outlives: what a \`PerStream\` keeps are numbers and bools`,
    );
  }
});

test("a record is a class of the filter's own", async () => {
  for (const [type, name] of [
    ["string", "String"],
    ["u32[]", "Array<u32>"],
  ] as const) {
    const imported = 'import { PerStream, Request } from "proxy-wasm-as";';
    const code = `${imported}
const states = new PerStream<${type}>();
export function onRequest(request: Request): void { request.headers.set("a", states.of(request).length.toString()); }`;
    const { problems } = await build(code);
    expect(problems).toMatchObject([
      { message: expect.stringMatching(/^`.*` is no class of the filter's own/) },
    ]);
    expect(problems[0]?.message).toContain(`\`${name}\``);
    expect(code.slice(problems[0]?.start, problems[0]?.end)).toBe("PerStream");
    const aliased = code.replace(imported, 'import { PerStream as Kept, Request } from "proxy-wasm-as";');
    expect((await build(aliased.replace("new PerStream", "new Kept"))).problems).toHaveLength(1);
  }
});

test("a record has numbers, by whatever name, bools, and functions, which stand still", async () => {
  const { bytes = new Uint8Array(), problems } =
    await build(`import { GrpcStream, PerStream, Request, Response } from "proxy-wasm-as";
enum Step { First, Second }
function one(): i32 { return 1; }
function two(): i32 { return 2; }
class State { static made: i32 = 0; step: Step = Step.First; share: f64 = 0.5; seen: bool = false; next: () => i32 = one; asked: Request | null = null; stream: GrpcStream | null = null; }
const states = new PerStream<State>();
export function onRequest(request: Request): void {
  const state = states.of(request);
  state.asked = request;
  if (request.headers.has("x-two")) state.next = two;
}
export function onResponse(response: Response): void {
  const state = states.of(response);
  response.headers.set("x-n", state.next().toString() + state.share.toString() + (state.asked!.id == response.id).toString());
}`);
  expect(problems).toEqual([]);
  const host = createHost(bytes);
  const answered = (headers: readonly (readonly [string, string])[]) =>
    host.exchange({ headers }).response?.headers;
  expect(answered([["x-two", ""]])).toContainEqual(["x-n", "20.5true"]);
  expect(answered([])).toContainEqual(["x-n", "10.5true"]);
});

test("what is made once is made at the top, and elsewhere refused at its line", async () => {
  const sdk =
    'import { PerPlugin, PerStream as Kept, Request } from "proxy-wasm-as";\nclass S { n: i32 = 0; }\n';
  const wrong = [
    "export function onRequest(request: Request): void { const kept = new Kept<S>(); kept.of(request).n++; }",
    "const make = (): Kept<S> => new Kept<S>();\nexport function onRequest(request: Request): void { make(); }",
    "class Made { kept: Kept<S> = new Kept<S>(); }\nexport function onRequest(request: Request): void { new Made(); }",
    "class Made { make(): PerPlugin<S> { return new PerPlugin<S>(); } }\nexport function onRequest(request: Request): void { new Made().make(); }",
  ];
  for (const code of wrong) {
    const { problems } = await build(sdk + code);
    expect(problems.map(({ message, start, end }) => [(sdk + code).slice(start, end), message])).toEqual([
      [
        expect.stringMatching(/^new (Kept|PerPlugin)<S>\(\)$/),
        expect.stringMatching(/^a `(Kept|PerPlugin)` is made once, at the top of a file/),
      ],
    ]);
  }
  const right =
    "class Made { static kept: Kept<S> = new Kept<S>(); }\nexport function onRequest(request: Request): void { Made.kept.of(request).n++; }";
  expect((await build(sdk + right)).problems).toEqual([]);
});

const writes = "export function onRequestBody(request: Request, size: u32, last: bool): Flow";
const hears = "export function onRequest(request: Request): Flow";
const sometimes = 'request.headers.has("x-some")';
const append = 'request.body.append("!"); return Flow.Continue;';

test.each([
  ["with no callback for headers", `${writes} { ${append} }`],
  [
    "taken away on a condition",
    `${hears} { if (${sometimes}) request.headers.remove("content-length"); return Flow.Continue; } ${writes} { ${append} }`,
  ],
  [
    "held on a condition",
    `${hears} { return ${sometimes} ? Flow.Pause : Flow.Continue; } ${writes} { ${append} }`,
  ],
  [
    "said again",
    `${hears} { const length = request.headers.get("content-length"); if (length !== null) request.headers.set("content-length", length); return Flow.Continue; } ${writes} { ${append} }`,
  ],
  [
    "held, and let go before the last piece",
    `let pieces = 0; ${hears} { return Flow.Pause; } ${writes} { if (++pieces > 1) request.body.append("!"); return Flow.Continue; }`,
  ],
  [
    "let go by the answer to a call",
    `function checked(request: Request, answer: Answer): void { request.resume(); } ${hears} { request.fetch({ cluster: "a", path: "/" }, checked); return Flow.Pause; } ${writes} { ${append} }`,
  ],
  [
    "by a field, a class and a list",
    `class Box { constructor(public body: Body) {} get full(): Flow { this.body.append("!"); return Flow.Continue; } } ${writes} { return [new Box(request.body)][0].full; }`,
  ],
  [
    "in a function that is given",
    `const put: (r: Request) => void = (r) => { r.body.append("!"); }; ${writes} { put(request); return Flow.Continue; }`,
  ],
  [
    "at the trailers",
    'export function onRequestTrailers(request: Request): void { request.body.append("!"); } ' +
      `${writes} { return Flow.Pause; }`,
  ],
])("a body that is written does not go under the length of the old one: %s", async (_, code) => {
  const { bytes, problems } = await build(
    `import { Answer, Body, Flow, Request } from "proxy-wasm-as";\n${code}`,
  );
  expect(problems).toEqual([]);
  for (const headers of [[], [["x-some", "1"]]] as const) {
    const host = createHost(bytes ?? new Uint8Array(), { allowOnHeadersStopIteration: true });
    host.onFetch("a", () => ({}));
    const { requestHeaders, requestBody } = host.exchange({
      headers: [["content-length", "4"], ...headers],
      body: ["ab", "cd"],
      ...(code.includes("Trailers") ? { trailers: [["t", "1"]] } : {}),
    });
    expect([requestHeaders, requestBody]).toEqual([headers, expect.stringMatching(/^ab!?cd!$/)]);
  }
});

test("of a response as of a request, and not where there is no body, where the filter has said its length, or where it writes none", async () => {
  const respond = async (code: string, body: readonly string[]) => {
    const { bytes, problems } = await build(
      `import { Flow, Request, Response } from "proxy-wasm-as";\n${code}`,
    );
    expect(problems).toEqual([]);
    const host = createHost(bytes ?? new Uint8Array(), { allowOnHeadersStopIteration: true });
    const headers = [["content-length", "2"]] as const;
    const { requestHeaders, response } = host.exchange({
      headers,
      body: "hi",
      response: { headers, body },
    });
    return [requestHeaders.length, response?.headers, response?.body];
  };
  const write = 'export function onResponseBody(response: Response): void { response.body.append("!"); }';
  expect(await respond(write, ["ab"])).toEqual([1, [], "ab!"]);
  expect(await respond(write, [])).toEqual([1, [["content-length", "2"]], ""]);
  const hold = `export function onResponse(response: Response): Flow { return Flow.Pause; }
export function onResponseBody(response: Response, size: u32, last: bool): Flow {
  if (!last) return Flow.Pause;
  response.body.replace("whole");
  response.headers.set("content-length", "5");
  return Flow.Continue;
}`;
  expect(await respond(hold, ["a", "b"])).toEqual([1, [["content-length", "5"]], "whole"]);
  const read =
    'export function onResponseBody(response: Response): void { response.headers.set("x", response.body.size.toString().replace("a", "b")); }';
  expect(await respond(read, ["ab"])).toEqual([1, [["content-length", "2"]], "ab"]);
});

test("a request that is let go keeps its length where only bodies of responses are written, and where a method of the filter's own is called as what writes", async () => {
  const asks = `function checked(request: Request, answer: Answer): void { request.resume(); }
export function onRequest(request: Request): Flow { request.fetch({ cluster: "a", path: "/" }, checked); return Flow.Pause; }`;
  const goesOn = async (code: string) => {
    const { bytes, problems } = await build(
      `import { Answer, Flow, Request, Response } from "proxy-wasm-as";\n${asks}\n${code}`,
    );
    expect(problems).toEqual([]);
    const host = createHost(bytes ?? new Uint8Array());
    host.onFetch("a", () => ({}));
    const headers = [["content-length", "2"]] as const;
    const { requestHeaders, response } = host.exchange({
      headers,
      body: "hi",
      response: { headers, body: "ab" },
    });
    return [requestHeaders, response?.headers, response?.body];
  };
  const length = [["content-length", "2"]];
  const write = 'export function onResponseBody(response: Response): void { response.body.append("!"); }';
  expect(await goesOn(write)).toEqual([length, [], "ab!"]);
  const own = `class List { append(n: i32): void {} }
export function onResponse(response: Response): void { new List().append(1); }`;
  expect(await goesOn(own)).toEqual([length, length, "ab"]);
});

test("a body is written by what is there for it, and not by what is beneath", async () => {
  const { problems } = await build(`import { Request } from "proxy-wasm-as";
export function onRequestBody(request: Request): void { request.body.write(0, 1, 0); }`);
  expect(problems.map(({ message }) => message)).toEqual([
    "property `write` does not exist on type `Body`: that is `replace(content)`, or `append(content)`",
  ]);
});

test("a body is a string or bytes, also after it was compared with null, and null is not written", async () => {
  const { bytes, problems } = await build(`import { Request } from "proxy-wasm-as";
export function onRequestBody(request: Request): void {
  const given = request.body.bytes();
  if (given === null) return;
  given[0] = 33;
  const none: string | null = given.length > 9 ? "never" : null;
  request.body.replace(given);
  request.body.append((<i32>request.body.append(none)).toString());
}`);
  expect(problems).toEqual([]);
  expect(createHost(bytes ?? new Uint8Array()).exchange({ body: "abc" }).requestBody).toBe("!bc2");
  const wrong = await build(`import { Request } from "proxy-wasm-as";
export function onRequestBody(request: Request): void { request.body.replace(5); }`);
  expect(wrong.problems.map(({ message }) => message)).toEqual([
    "what `replace`, `append` and `prepend` put into a body is a string or a `Uint8Array`",
  ]);
});

test("a path of a property that is written wrongly is warned of, and one that no table has is not", async () => {
  const paths = [
    "source.adress",
    "source.address",
    "request.headers.x-adress",
    "xds.cluster_metadata",
    "node.id",
    "metadata.filter_metadata['com.acme']",
    "adress",
    "request",
  ];
  const text = `import { log, properties as all, Request } from "proxy-wasm-as";
export function onRequest(request: Request): void {
${paths.map((path) => `if (all.get("${path}") !== null || all.getInt("${path}") == 0) log.info("");`).join("\n")}
}`;
  const { problems, warnings } = await build(text);
  expect(problems).toEqual([]);
  const said = [...new Set(warnings.map(({ code, message }) => `${code} ${message}`))];
  expect(warnings.map(({ start, end }) => text.slice(start, end)).sort()).toEqual([
    '"node.id"',
    '"node.id"',
    '"source.adress"',
    '"source.adress"',
  ]);
  expect(said.sort()).toEqual([
    "PWA0103 Envoy has no property `node.id`, which is null then: did you mean `xds.node.id`?",
    "PWA0103 Envoy has no property `source.adress`, which is null then: did you mean `source.address`?",
  ]);
});

test("a filter that takes no empty configuration is told of, with how to give the trial one", async () => {
  const text = `import { log } from "proxy-wasm-as";
export function onConfigure(configuration: string): bool {
  if (configuration == "") log.error("no limit");
  return configuration != "";
}`;
  const { problems } = await build(text);
  expect(problems.map(({ message, start, end }) => [text.slice(start, end), message])).toEqual([
    [
      "onConfigure",
      "it does not run: the plugin refused its configuration: no limit; it is tried with an empty one, unless `--configuration` says another",
    ],
  ]);
  expect((await build(text, { configuration: "5" })).problems).toEqual([]);
  const never = await build("export function onConfigure(): bool { return false; }", { configuration: "5" });
  expect(never.problems).toEqual([{ message: "it does not run: the plugin refused its configuration" }]);
});

test("parameters that nothing fills are warned of: not exported, or by another name", async () => {
  const warned = async (declared: string, more = "") => {
    const text = `class Params { limit: i32 = 1; }
class Limits { most: i32 = 1; }
${declared}
export function onRequest(): void {}
${more}`;
    const { problems, warnings } = await build(text);
    expect(problems).toEqual([]);
    return warnings.map(({ code, message, start, end }) => [code, text.slice(start, end), message]);
  };
  const message = (name: string): string =>
    `no configuration fills \`${name}\`: parameters are what \`export const params = …\` has`;
  expect(await warned("const params = new Params();")).toEqual([["PWA0104", "params", message("params")]]);
  expect(await warned("const params = new Limits();", "export { params };")).toEqual([
    ["PWA0104", "params", message("params")],
  ]);
  expect(await warned("export const settings = new Params();")).toEqual([
    ["PWA0104", "settings", message("settings")],
  ]);
  expect(await warned("export const params = new Params();")).toEqual([]);
  expect(await warned("export const params = new Params();\nconst others = new Params();")).toEqual([]);
  expect(await warned("const limits = new Limits();\nconst params: i32 = 5;")).toEqual([]);
});

test("a body that is held goes on by trailers that nobody looks at, and by headers that a filter behind lets go, which warnings say", async () => {
  const warned = async (code: string) => {
    const text = `import { Flow, Request, Response } from "proxy-wasm-as";\n${code}`;
    const { problems, warnings } = await build(text);
    expect(problems).toEqual([]);
    return warnings.map(({ code, start, end }) => [code, text.slice(start, end)]);
  };
  const held = (side: string): string =>
    `export function on${side}Body(message: ${side}, size: u32, last: bool): Flow { return last ? Flow.Continue : Flow.Pause; }`;
  for (const side of ["Request", "Response"]) {
    const [ofTrailers, ofHeaders] = ["PWA0105", "PWA0106"].map((code) => [code, `on${side}Body`]);
    expect(await warned(held(side))).toEqual([ofTrailers, ofHeaders]);
    const trailers = `export function on${side}Trailers(message: ${side}): void {}`;
    expect(await warned(`${held(side)}\n${trailers}`)).toEqual([ofHeaders]);
    const headers = `export function on${side}(message: ${side}): Flow { return Flow.Pause; }`;
    expect(await warned(`${held(side)}\n${trailers}\n${headers}`)).toEqual([["PWA0101", `on${side}`]]);
    expect(await warned(held(side).replace("Flow.Pause", "Flow.Continue"))).toEqual([]);
  }
});

test("what is paused until it is resumed, and goes on by another callback, is a warning", async () => {
  const warned = async (code: string) => {
    const text = `import { Answer, Flow, Request, Response } from "proxy-wasm-as";\n${code}`;
    const { problems, warnings } = await build(text);
    expect(problems).toEqual([]);
    const found = warnings.filter(({ code }) => code === "PWA0107");
    return found.map(({ message, start, end }) => [
      text.slice(start, end),
      message.match(/what `(\w+)`/)?.[1],
    ]);
  };
  for (const side of ["Request", "Response"]) {
    const name = side.toLowerCase();
    const asks = `function checked(${name}: ${side}, answer: Answer): void { ${name}.resume(); }
export function on${side}(${name}: ${side}): Flow { ${name}.fetch({ cluster: "a" }, checked); return Flow.Pause; }`;
    const looks = (part: string, result: string) =>
      `${asks}\nexport function on${side}${part}(${name}: ${side}): ${result}`;
    const pauses = looks("Body", "Flow { return Flow.Pause; }");
    const ends = (result: string) => `\nexport function on${side}Trailers(${name}: ${side}): ${result}`;
    const [headers, body, trailers] = ["", "Body", "Trailers"].map((part) => `on${side}${part}`);
    expect(await warned(looks("Body", "void {}"))).toEqual([[body, headers]]);
    expect(await warned(looks("Body", "Flow { return Flow.Continue; }"))).toEqual([[body, headers]]);
    expect(await warned(pauses)).toEqual([]);
    expect(await warned(pauses + ends("void {}"))).toEqual([[trailers, headers]]);
    expect(await warned(pauses + ends("Flow { return Flow.Pause; }"))).toEqual([]);
    // Without a callback for the body, headers hold all that follows.
    expect(await warned(asks + ends("void {}"))).toEqual([]);
    // Who never resumes waits for the body itself.
    expect(await warned(looks("Body", "void {}").replace(`${name}.resume()`, `${name}.reply(403)`))).toEqual(
      [],
    );
  }
});

test("headers that are held while a body is looked at need a setting of Envoy's, which a warning says", async () => {
  const imported = 'import { Flow, log, Request, Response } from "proxy-wasm-as";';
  const body = "export function onRequestBody(request: Request): void {}";
  const pausing =
    "export function onRequest(request: Request, last: bool): Flow { return last ? Flow.Continue : Flow.Pause; }";
  const warned = async (code: string) => {
    const text = `${imported}\n${code}`;
    const { problems, warnings } = await build(text);
    expect(problems).toEqual([]);
    return warnings.map(({ code, start, end }) => [code, text.slice(start, end)]);
  };
  expect(await warned(`${pausing}\n${body}`)).toEqual([["PWA0101", "onRequest"]]);
  expect(
    await warned(
      "export function onResponse(response: Response): Flow { return Flow.Pause; }\nexport function onResponseBody(response: Response): void {}",
    ),
  ).toEqual([["PWA0101", "onResponse"]]);
  expect(await warned(pausing)).toEqual([]);
  expect(
    await warned(`export function onRequest(request: Request): Flow { return Flow.Continue; }\n${body}`),
  ).toEqual([]);
  // However far the pause is from the callback.
  const asking = 'r.fetch({ cluster: "a" }, (r, answer) => { r.resume(); });';
  for (const pausing of [
    `function hold(r: Request): Flow { ${asking} return Flow.Pause; }
     export function onRequest(request: Request): Flow { return hold(request); }`,
    `function hold(r: Request): Flow { return r.headers.has("a") ? Flow.Pause : Flow.Continue; }
     function decide(r: Request): Flow { const flow = hold(r); return flow; }
     export function onRequest(request: Request): Flow { return decide(request); }`,
    `class Gate { hold(r: Request): Flow { return Flow.Pause; } }
     export function onRequest(request: Request): Flow { return new Gate().hold(request); }`,
    `const WAIT = Flow.Pause;
     export function onRequest(request: Request): Flow { return WAIT; }`,
    // Of two, one has not answered.
    `export function onRequest(request: Request): Flow {
       if (request.headers.has("a")) { request.reply(401); return Flow.Pause; }
       if (request.headers.has("b")) request.reply(403);
       return Flow.Pause;
     }`,
    // Behind a \`return\` what answers depends on that.
    `function judge(request: Request): Flow { if (request.headers.has("a")) return Flow.Continue; request.reply(401); return Flow.Pause; }
     export function onRequest(r: Request): Flow { judge(r); return Flow.Pause; }`,
    `function judge(request: Request): void { if (request.headers.has("a")) { if (request.headers.has("b")) return; request.reply(401); } else request.reply(403); }
     export function onRequest(r: Request): Flow { judge(r); return Flow.Pause; }`,
    // What answers later is not there yet.
    `export function onRequest(r: Request): Flow {
       r.fetch({ cluster: "a" }, (r, answer) => { r.reply(401); });
       return Flow.Pause;
     }`,
  ])
    expect(await warned(`${pausing}\n${body}`), pausing).toEqual([
      ["PWA0101", "onRequest"],
      ...(pausing.includes("resume") ? [["PWA0107", "onRequestBody"]] : []),
    ]);
  // What has been answered waits for no body.
  for (const denying of [
    `export function onRequest(request: Request): Flow {
       if (!request.headers.has("authorization")) { request.reply(401); return Flow.Pause; }
       return Flow.Continue;
     }`,
    `function denied(request: Request): Flow { const status = request.reply(401, "no"); log.info(status.toString()); return Flow.Pause; }
     export function onRequest(request: Request): Flow { return request.headers.has("a") ? Flow.Continue : denied(request); }`,
    `function refuse(request: Request): void { request.deny(403); }
     export function onRequest(request: Request): Flow {
       switch (request.headers.entries().length) {
         case 0:
           refuse(request);
           if (request.headers.has("a")) return Flow.Pause;
           return Flow.Pause;
         default: return Flow.Continue;
       }
     }`,
    `function refuse(request: Request): Flow { if (request.headers.has("te")) request.reply(200, "", null, 8); else { request.reply(413); } return Flow.Pause; }
     export function onRequest(request: Request): Flow { return request.headers.has("a") ? refuse(request) : Flow.Continue; }`,
    `function go(): Flow { return Flow.Continue; }
     export function onRequest(request: Request): Flow { return go() == Flow.Pause ? Flow.Continue : go(); }`,
    `function later(request: Request): Flow { return Flow.Pause; }
     export function onRequestTrailers(request: Request): Flow { return later(request); }
     export function onRequest(request: Request): void {}`,
  ])
    expect(await warned(`${denying}\n${body}`), denying).toEqual([]);
});

test("a filter that asks others hears their answers", async () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const [, example = ""] = /\n\n((?: {4}.*\n|\n)+)/.exec(readme) ?? [];
  const { bytes = new Uint8Array(), problems } = await build(example.replaceAll(/^ {4}/gm, ""));
  expect(problems).toEqual([]);
  expect(exportsOf(bytes)).toEqual(
    expect.arrayContaining(["proxy_on_delete", "proxy_on_http_call_response"]),
  );
  const host = createHost(bytes);
  let status = "200";
  host.onFetch("auth", () => ({ headers: [[":status", status]] }));
  expect(host.request({}).requestHeaders).toEqual([["x-canary", "false"]]);
  status = "401";
  expect(host.request({}).localReply?.status).toBe(403);
});

test("a stream that is logged is answered no more, which would bring an Envoy down", async () => {
  const { bytes = new Uint8Array(), problems } = await build(`import { log, Stream } from "proxy-wasm-as";
export function onLog(stream: Stream): void { log.info(stream.request.reply(500).toString()); }`);
  expect(problems).toEqual([]);
  const { logs } = createHost(bytes).exchange({});
  expect(logs.map(({ message }) => message)).toEqual(["2"]);
});

test.each([
  "onTick(): void",
  "onQueue(): void",
  "onForeign(): void",
  "onRequestTrailers(): void",
  "onResponseTrailers(): void",
  "onResponseBody(): void",
  "onUpstreamData(): void",
  "onClose(): void",
  "onUpstreamClose(): void",
  "onLog(): void",
  "onDelete(): void",
])("a module is tried by calling it: %s", async (signature) => {
  const { bytes, problems } = await build(`export function ${signature} { assert(false, "it ran"); }`);
  expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining("it ran")]);
  expect(bytes === undefined).toBe(true);
});

test("a loop whose bound is only there to be safe pays as it goes: `split` works", async () => {
  const { bytes = new Uint8Array(), problems } = await buildFilter({
    files: {
      "filter.ts": `import { Request } from "proxy-wasm-as";
export function onRequest(request: Request): void {
  request.headers.set("parts", "1;2;3".split(";").length.toString());
}`,
    },
  });
  expect(problems).toEqual([]);
  const { requestHeaders } = createHost(bytes).request({});
  expect(requestHeaders).toContainEqual(["parts", "3"]);
});

test("a filter that calls out for a request hears the answer", async () => {
  const { bytes = new Uint8Array(), problems } = await build(
    `import { Answer, Flow, Request, Status } from "proxy-wasm-as";
export function onRequest(request: Request): Flow {
  return request.fetch({ cluster: "auth" }, answered) == Status.Ok ? Flow.Pause : Flow.Continue;
}
function answered(request: Request, answer: Answer): void {
  request.reply(answer.status);
}`,
  );
  expect(problems).toEqual([]);
  const host = createHost(bytes);
  host.onFetch("auth", () => ({ status: 401 }));
  expect(host.request({}).localReply).toMatchObject({ status: 401 });
});

test("memory that is managed by hand is refused where it stands, in each file", async () => {
  const files = {
    "filter.ts": `import { Request } from "proxy-wasm-as";
import { use } from "./use";
class Tree { heap: u32 = 1; __free(): void { this.heap = 0; } }
export function onRequest(request: Request): void {
  const tree = new Tree();
  tree.__free();
  use(tree.heap);
  __collect();
}`,
    "use.ts": `export function use(n: u32): void {
  const block = heap.alloc(n);
  store<u8>(__renew(__new(n, 0), n), 1);
  heap.free(block);
}`,
  };
  const { bytes, problems } = await buildFilter({ files });
  expect(bytes).toBeUndefined();
  const said = problems.map(({ file = "", start, end }) => [
    file,
    files[file as keyof typeof files].slice(start, end),
  ]);
  expect(said).toEqual([
    ["filter.ts", "__collect"],
    ["use.ts", "heap"],
    ["use.ts", "__renew"],
    ["use.ts", "__new"],
    ["use.ts", "heap"],
  ]);
  expect(problems[0]?.message).toBe(
    "`__collect` is the runtime's, which frees what a callback makes when that ends: leave it out",
  );
});

test("a name of the runtime's that a filter declares is its own", async () => {
  const { problems } = await build(`import { Request } from "proxy-wasm-as";
export function onRequest(request: Request): void {
  const heap: u32[] = [2, 1];
  heap.sort();
  request.headers.set("least", heap[0].toString());
}`);
  expect(problems).toEqual([]);
});

test("what a proxy lacks, has otherwise, or cannot take as it starts is said where the filter asks for it", async () => {
  const placed = async (code: string) => {
    const text = `import { log, now, random, Request, shared } from "proxy-wasm-as";\n${code}\nexport function onRequest(request: Request): void { used(); }`;
    const { problems } = await build(text);
    return problems.map(({ message, start, end }) => [
      /`(?:env\.)?(\w+)`/.exec(message)?.[1],
      text.slice(start, end),
    ]);
  };
  const external = (name: string, own: string, type: string) =>
    `@external("env", "${name}") declare function ${own}(${type}): i32;\nfunction used(): void { ${own}(${type === "" ? "" : "1"}); }`;
  expect(await placed(external("proxy_magic", "magic", ""))).toEqual([["proxy_magic", "magic"]]);
  expect(await placed(external("proxy_done", "over", "x: i32"))).toEqual([["proxy_done", "over"]]);
  expect(await placed('function used(): void { trace("a"); }')).toEqual([["trace", "trace"]]);
  const used = "function used(): void { shared.get(text); log.info(at.toString()); }";
  const starts = 'const text = "a";';
  expect(await placed(`${starts}\nlog.info("starts");\nconst at = now();\n${used}`)).toEqual([
    ["proxy_get_log_level", "log.info"],
  ]);
  expect(await placed(`${starts}\nconst at = now();\nlog.info("starts");\n${used}`)).toEqual([
    ["proxy_get_current_time_nanoseconds", "now"],
  ]);
  expect(
    await placed(`const text = "a";\nlet at = 0;\nif (shared.set(text, "b") == 0) at = 1;\n${used}`),
  ).toEqual([["proxy_set_shared_data", "shared.set"]]);
});
