import { expect, test } from "vitest";
import { assemble } from "../../filters/proxy-wasm-as/build/assemble.ts";
import { buildFilter } from "../../filters/proxy-wasm-as/build/index.ts";
import { smoke } from "../../filters/proxy-wasm-as/build/smoke.ts";
import { verifyModule } from "../../filters/proxy-wasm-as/build/verify-module.ts";
import { createHost, type Host } from "../../filters/proxy-wasm-as/testing/index.ts";
import { unwritableByCode } from "../language/check-header.ts";
import { readFilter } from "../language/read-filter.ts";
import { filterRuntime } from "./filter-runtime.ts";
import { generateFilter } from "./generate-filter.ts";
import { switchedOff } from "./switched-off.ts";

const head = 'export const context = "a -> b";\nexport const side = "egress";\n';

async function compile(text: string, runtime: "arena" | "minimal" = runtimeOf(text)): Promise<Uint8Array> {
  const { policy, diagnostics } = readFilter({ path: "f.ts", text: head + text });
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  const { name = "", parameters = [], tickPeriod } = policy?.kind === "filter" ? policy : {};
  const { bytes = new Uint8Array(), stderr } = await assemble({
    entry: generateFilter({
      name,
      code: head + text,
      parameters,
      ...(tickPeriod === undefined ? {} : { tickPeriod }),
    }),
    files: { "policy.ts": head + text },
    runtime,
  });
  expect(stderr).toBe("");
  expect(verifyModule(bytes)).toEqual([]);
  return bytes;
}

function runtimeOf(text: string): "arena" | "minimal" {
  const { policy } = readFilter({ path: "f.ts", text: head + text });
  if (policy?.kind !== "filter") throw new Error("no filter could be read");
  return filterRuntime(policy);
}

function configurationOf(mode: string, ...parameters: readonly string[]): string {
  return `${["f", "outbound", "b", mode, ...parameters].join("\t")}\n`;
}

function start(bytes: Uint8Array, mode: string): Host {
  return createHost(bytes, {
    configuration: configurationOf(mode),
    allowOnHeadersStopIteration: true,
  });
}

const toB = { properties: { "xds.route_name": "b" } };
const toC = { properties: { "xds.route_name": "c" } };

function exportsOf(bytes: Uint8Array): readonly string[] {
  return WebAssembly.Module.exports(new WebAssembly.Module(Uint8Array.from(bytes))).map(({ name }) => name);
}

const asking = `import { Answer, Flow, Request, Status } from "proxy-wasm-as";
export function onRequest(request: Request): Flow {
  const asked = request.fetch({ cluster: "auth", path: "/check" }, checked);
  if (asked != Status.Ok) request.reply(503);
  return Flow.Pause;
}
function checked(request: Request, answer: Answer): void {
  request.headers.set("x-checked", "1");
  if (answer.status == 200) request.resume();
  else request.reply(403, "no");
}`;

test("an answer to a call finds the policy that waits for it, audited or not", async () => {
  const bytes = await compile(asking);
  expect(await smoke(bytes, configurationOf("enforce"))).toEqual({ kind: "tried", reasons: [] });
  for (const mode of ["enforce", "audit"]) {
    const host = start(bytes, mode);
    host.onFetch("auth");
    expect(host.request(toC).action).toBe("continue");
    for (const status of [200, 403]) {
      const stream = host.open(toB);
      expect(stream.result().action).toBe(mode === "audit" ? "continue" : "stop");
      const [fetch] = host.fetches;
      fetch?.answer({ status });
      const { localReply, requestHeaders, action } = stream.result();
      const passes = mode === "audit" || status === 200;
      expect(localReply?.status).toBe(passes ? undefined : 403);
      if (passes) expect(action).toBe("continue");
      expect(requestHeaders).toEqual(mode === "audit" ? [] : [["x-checked", "1"]]);
      stream.end();
    }
    expect(host.metrics.get("wire.audit.f")).toBe(mode === "audit" ? 2 : undefined);
    expect(host.failure).toBeNull();
  }
});

/** A filter that asks, and does this in the functions that get the answers; its calls and the answers' tags are 1 and 2. */
const counting = (
  body: string,
  rest = "",
  timeoutMs = 5000,
) => `import { Answer, Flow, GrpcAnswer, log, PerStream, properties, Request, Stream } from "proxy-wasm-as";
class State { n: u32 = 7; }
const states = new PerStream<State>();
export function onRequest(request: Request): Flow {
  states.of(request).n = 8;
  if (request.headers.has("ask")) request.fetch({ cluster: "auth", path: "/", timeoutMs: ${timeoutMs} }, checked, 1);
  if (request.headers.has("twice")) request.fetch({ cluster: "auth", path: "/", timeoutMs: ${timeoutMs} }, checked, 2);
  if (request.headers.has("grpc")) request.grpc({ cluster: "auth", service: "a", method: "b", timeoutMs: ${timeoutMs} }, called);
  return Flow.Pause;
}
function checked(request: Request, answer: Answer): void { ${body} }
function called(request: Request, answer: GrpcAnswer): void { if (answer.failed) request.deny(403); }
export function onLog(stream: Stream): void {}
${rest}`;

test.each([
  ["a denial", "if (answer.status != 200) request.deny(403);", 1],
  ["a reset", "if (answer.status != 200) request.reset();", 1],
  ["a header", 'request.headers.set("x", answer.headers.getAll("y").join(","));', 1],
  ["a line", 'log.info("said");', 1],
  ["nothing", "request.resume();", 0],
  [
    "what is done before it looks",
    'request.headers.set("x", ""); if (request.headers.has("y")) request.deny(403);',
    1,
  ],
  // Nothing is left of the stream: what is done for that says nothing.
  ["a look at a header", 'if (!request.headers.has("ask")) request.deny(403);', 0],
  ["a look at all headers", "if (request.headers.entries().length == 0) request.deny(403);", 0],
  ["a look at a property", "if (request.caller === null) request.deny(403);", 0],
  ["a look at any property", 'if (properties.get("request.id") === null) request.deny(403);', 0],
  ["a look at a body", "if (request.body.size == 0) request.deny(403);", 0],
  ["a look at its record", "if (states.of(request).n != 8) request.deny(403);", 0],
  [
    "another question",
    "if (answer.tag == 1) request.fetch({ cluster: 'auth', path: '/' }, checked, 2); else request.deny(403);",
    1,
  ],
] as const)(
  "an answer after the stream's end is counted for an audited policy, and nothing else: %s",
  async (_, body, counted) => {
    const bytes = await compile(counting(body));
    for (const mode of ["audit", "enforce"]) {
      const host = start(bytes, mode);
      host.onFetch("auth");
      for (let turn = 1; turn <= 3; turn++) {
        const stream = host.open({ ...toB, headers: [["ask", ""]] });
        if (mode === "audit") stream.respond({});
        stream.end();
        host.fetches[0]?.answer({ status: 403 });
        host.fetches[0]?.answer({ status: 403 });
        expect(host.fetches).toEqual([]);
        expect(host.metrics.get("wire.audit.f") ?? 0).toBe(mode === "audit" ? turn * counted : 0);
      }
      expect(host.failure).toBeNull();
    }
  },
);

test("a stream is counted once, whichever of its answers come before its end", async () => {
  const bytes = await compile(counting("request.deny(403);"));
  const host = start(bytes, "audit");
  host.onFetch("auth");
  const counted = () => host.metrics.get("wire.audit.f") ?? 0;
  for (const before of [0, 1, 2]) {
    const was = counted();
    const stream = host.open({
      ...toB,
      headers: [
        ["ask", ""],
        ["twice", ""],
      ],
    });
    for (let n = 0; n < before; n++) host.fetches[0]?.answer({});
    stream.respond({});
    stream.end();
    for (let n = before; n < 2; n++) host.fetches[0]?.answer({});
    expect(counted()).toBe(was + 1);
  }
});

test("calls without a time end with their stream, those with one make room for those of streams, and memory stays flat", async () => {
  const endless = start(await compile(counting("request.deny(403);", "", 0)), "audit");
  endless.onFetch("auth");
  const stream = endless.open({ ...toB, headers: [["ask", ""]] });
  stream.end();
  endless.fetches[0]?.answer({});
  expect(endless.metrics.get("wire.audit.f") ?? 0).toBe(0);
  const host = start(await compile(counting("request.deny(403);")), "audit");
  host.onFetch("auth");
  const ask = (times: number) => {
    for (let n = 0; n < times; n++) host.open({ ...toB, headers: [["ask", ""]] }).end();
    return host.memoryPages;
  };
  const pages = ask(5000);
  expect(ask(5000)).toBe(pages);
  // 4,096 are waited for.
  const waiting = host.fetches;
  expect(waiting).toHaveLength(10_000);
  for (const fetch of waiting) fetch.answer({});
  expect(host.metrics.get("wire.audit.f")).toBe(4096);
  expect(host.failure).toBeNull();
});

test("an audited policy pauses for more of a body only, whatever never comes", async () => {
  const pausing = (text: string) =>
    compile(`import { Answer, Flow, Request, Response, Status } from "proxy-wasm-as";\n${text}`);
  const ignored = "function ignored(request: Request, answer: Answer): void {}";
  for (const [text, counted] of [
    ["export function onRequest(request: Request): Flow { return Flow.Pause; }", 0],
    ["export function onRequestBody(request: Request): Flow { return Flow.Pause; }", 0],
    ["export function onRequestTrailers(request: Request): Flow { return Flow.Pause; }", 0],
    ["export function onResponse(response: Response): Flow { return Flow.Pause; }", 0],
    ["export function onResponseBody(response: Response): Flow { return Flow.Pause; }", 0],
    [
      `export function onRequest(request: Request): Flow { return Flow.Pause; }
export function onRequestBody(request: Request, size: u32, last: bool): Flow {
  if (last && size == 3) request.headers.set("x", "1");
  return Flow.Pause;
}`,
      1,
    ],
    // A call whose answer never comes, and one that is begun once some of the body is held.
    [
      `${ignored}
export function onRequest(request: Request): Flow {
  request.fetch({ cluster: "auth", path: "/" }, ignored);
  return Flow.Pause;
}
export function onRequestBody(request: Request): Flow { return Flow.Pause; }`,
      0,
    ],
    [
      `${ignored}
export function onRequestBody(request: Request): Flow {
  request.fetch({ cluster: "auth", path: "/" }, ignored);
  return Flow.Pause;
}
export function onResponse(response: Response): Flow {
  response.request.resume();
  return Flow.Pause;
}`,
      0,
    ],
  ] as const) {
    const host = start(await pausing(text), "audit");
    host.onFetch("auth");
    const messages = [{}, { body: ["ab", "c"] }, { body: ["ab", "c"], trailers: [["t", "1"]] }] as const;
    for (const message of messages) {
      const { action, requestBody, response } = host.exchange({ ...toB, ...message, response: message });
      const body = "body" in message ? "abc" : "";
      expect([action, requestBody, response?.status, response?.body], text).toEqual([
        "continue",
        body,
        200,
        body,
      ]);
    }
    expect(host.metrics.get("wire.audit.f") ?? 0, text).toBe(counted);
    expect(host.failure).toBeNull();
  }
});

test("a body lets nothing go that waits for an answer, also where only the other direction's is looked at", async () => {
  const bytes = await compile(
    `${asking}\nexport function onResponseBody(response: Response): void {}`.replace(
      "Request, Status",
      "Request, Response, Status",
    ),
  );
  const host = start(bytes, "enforce");
  host.onFetch("auth");
  const stream = host.open({ ...toB, body: ["a", "b"] });
  expect(stream.result()).toMatchObject({ action: "stop", requestBody: "" });
  host.fetches[0]?.answer({ status: 200 });
  expect(stream.result()).toMatchObject({ action: "continue", requestBody: "ab" });
});

test("what a policy lets go in its own callback goes on, though that pauses, audited or not", async () => {
  const asks = `{
  if (request.fetch({ cluster: "unknown", path: "/" }, checked) != Status.Ok) request.resume();
  return Flow.Pause;
}`;
  const looking = [
    "",
    `export function onRequestBody(request: Request, size: u32, last: bool): Flow ${asks}`,
    `export function onRequestTrailers(request: Request): Flow ${asks}`,
  ];
  for (const more of looking) {
    const bytes = await compile(`import { Answer, Flow, Request, Status } from "proxy-wasm-as";
function checked(request: Request, answer: Answer): void { request.resume(); }
export function onRequest(request: Request): Flow ${asks}
${more}`);
    for (const mode of ["enforce", "audit"]) {
      const host = start(bytes, mode);
      const { action, requestBody, callCounts } = host.request({ ...toB, body: "a", trailers: [["t", "1"]] });
      expect([action, requestBody, callCounts["continue_stream"]]).toEqual(["continue", "a", undefined]);
      expect(host.failure).toBeNull();
    }
  }
});

test("whether the policy is for a stream is found out once, and forgotten with it", async () => {
  const bytes = await compile(`import { Request, Response, Stream, log } from "proxy-wasm-as";
export function onRequest(request: Request): void { request.headers.set("x-f", "1"); }
export function onResponse(response: Response): void { response.headers.set("x-f", "2"); }
export function onLog(stream: Stream): void { log.info("log"); }
export function onDelete(stream: Stream): void { log.info("delete"); }`);
  const host = start(bytes, "enforce");
  // Another filter may have had the route chosen again.
  const properties: Record<string, string> = { "xds.route_name": "b" };
  const stream = host.open({ properties });
  properties["xds.route_name"] = "c";
  stream.respond({});
  stream.end();
  const { requestHeaders, response, logs } = stream.result();
  expect(requestHeaders).toEqual([["x-f", "1"]]);
  expect(response?.headers).toContainEqual(["x-f", "2"]);
  expect(logs.map(({ message }) => message)).toEqual(["log", "delete"]);
  const other = host.exchange(toC);
  expect([other.requestHeaders, other.logs]).toEqual([[], []]);
  expect(other.response?.headers).not.toContainEqual(["x-f", "2"]);
  const run = (times: number): number => {
    for (let i = 0; i < times; i++) host.exchange(i % 2 === 0 ? toB : toC);
    return host.memoryPages;
  };
  const before = run(1000);
  expect(run(5000)).toBe(before);
});

test("what is kept for who makes a body larger than the limit is there when it has written, and goes after that", async () => {
  const growing = (
    kept: string,
    read: string,
  ) => `import { Answer, Flow, log, PerStream, Request } from "proxy-wasm-as";
class Seen { count: u32 = 0; }
const seen = new PerStream<Seen>();
${kept}
export function onRequestBody(request: Request, size: u32, last: bool): Flow {
  ${read}
  if (last) request.fetch({ cluster: "more", path: "/" }, got);
  return Flow.Pause;
}
function got(request: Request, answer: Answer): void {
  const before = ++seen.of(request).count;
  request.resume();
  const given = request.body.append(answer.body.text()!);
  log.info(before.toString() + " " + given.toString() + " " + (++seen.of(request).count).toString());
}`;
  for (const text of [
    growing("", ""),
    growing("const waiting: Request[] = [];", "waiting.push(request); waiting.shift();"),
  ]) {
    const host = createHost(await compile(text), {
      configuration: configurationOf("enforce"),
      allowOnHeadersStopIteration: true,
      bufferLimit: 8,
    });
    host.onFetch("more", () => ({ body: "more and more" }));
    const run = (times: number): number => {
      for (let i = 0; i < times; i++) {
        const stream = host.open({ ...toB, body: ["abc"], isUnfinished: true });
        stream.send({ body: ["de"] });
        const { response, logs, callCounts } = stream.result();
        expect([response?.status, callCounts["continue_stream"]]).toEqual([413, undefined]);
        expect(logs.map(({ message }) => message)).toEqual(["1 2 2"]);
      }
      return host.memoryPages;
    };
    const pages = run(1000);
    expect(run(8000)).toBe(pages);
    expect(host.failure).toBeNull();
  }
});

test("a policy that writes bodies lets go what waits at the end of any callback", async () => {
  const host = createHost(
    await compile(
      `import { Answer, Flow, log, Request } from "proxy-wasm-as";
export const tickPeriod = 10;
const waiting: Request[] = [];
export function onRequest(request: Request, last: bool): Flow { return last ? Flow.Continue : Flow.Pause; }
export function onRequestBody(request: Request, size: u32, last: bool): Flow {
  return last ? wait(request) : Flow.Pause;
}
export function onRequestTrailers(request: Request): Flow {
  if (!request.headers.has("x-at-once")) return wait(request);
  log.info(request.resume().toString());
  return Flow.Continue;
}
function wait(request: Request): Flow {
  if (request.headers.has("x-timed")) waiting.push(request);
  else request.fetch({ cluster: "more", path: "/" }, (request: Request, answer: Answer) => leave(request));
  return Flow.Pause;
}
export function onTick(): void {
  while (waiting.length > 0) leave(waiting.shift());
}
function leave(request: Request): void {
  log.info(request.resume().toString() + request.body.append("!").toString());
}`,
    ),
    { configuration: configurationOf("enforce"), allowOnHeadersStopIteration: true },
  );
  host.onFetch("more", () => ({}));
  const trailers = [["t", "1"]] as const;
  for (const last of [{}, { trailers }])
    for (const names of [[], ["x-timed"], ...("trailers" in last ? [["x-at-once"]] : [])]) {
      const stream = host.open({
        ...toB,
        headers: names.map((name) => [name, "1"] as const),
        body: ["a"],
        ...last,
      });
      if (names[0] === "x-timed") host.advance(10_000_000n);
      const { action, requestBody, requestTrailers, callCounts } = stream.result();
      const isAtOnce = names[0] === "x-at-once";
      expect([action, requestBody]).toEqual(["continue", isAtOnce ? "a" : "a!"]);
      expect(requestTrailers).toEqual("trailers" in last ? trailers : []);
      expect(callCounts["continue_stream"] ?? 0).toBe(isAtOnce ? 0 : 1);
      stream.end();
    }
  expect(host.failure).toBeNull();
});

test("a timer has the parameters and the mode of its own configuration", async () => {
  const bytes = await compile(`import { Counter, log } from "proxy-wasm-as";
class Params { text: string = ""; }
export const params = new Params();
export const tickPeriod = 100;
const ticks = new Counter("ticks");
export function onTick(): void { ticks.increment(); log.info(params.text); }`);
  const enforced = createHost(bytes, { configuration: configurationOf("enforce", "hello") });
  enforced.advance(350_000_000n);
  expect(enforced.metrics.get("ticks")).toBe(3);
  expect(enforced.logs.map(({ message }) => message)).toEqual(["hello", "hello", "hello"]);
  const audited = createHost(bytes, { configuration: configurationOf("audit", "hello") });
  audited.advance(350_000_000n);
  expect(audited.logs).toEqual([]);
  expect(audited.metrics.get("ticks") ?? 0).toBe(0);
  expect(audited.metrics.get("wire.audit.f") ?? 0).toBe(0);
});

test("switched off, a policy does nothing, also where it has begun, and goes on with what it keeps", async () => {
  const bytes = await compile(`import { Flow, log, Request } from "proxy-wasm-as";
export const tickPeriod = 100;
let requests = 0;
export function onTick(): void { log.info("tick"); }
export function onRequest(request: Request): Flow {
  requests++;
  request.headers.set("x-n", requests.toString());
  return request.headers.has("hold") ? Flow.Pause : Flow.Continue;
}
export function onRequestBody(request: Request): Flow { log.info("body"); return Flow.Pause; }`);
  const configuration = configurationOf("enforce");
  const host = createHost(bytes, { configuration, allowOnHeadersStopIteration: true });
  const ask = () => host.request(toB).requestHeaders;
  expect(ask()).toEqual([["x-n", "1"]]);
  const held = host.open({ ...toB, headers: [["hold", "1"]], body: ["a"], isUnfinished: true });
  expect(held.result().action).toBe("stop");
  expect(host.configure(switchedOff(configuration, ["f"]))).toBe(true);
  expect([ask(), host.request(toC).requestHeaders]).toEqual([[], []]);
  host.advance(350_000_000n);
  expect(host.logs).toEqual([]);
  held.end();
  // Of others nothing changes.
  expect(host.configure(switchedOff(configuration, ["g"]))).toBe(true);
  expect(ask()).toEqual([["x-n", "3"]]);
  host.advance(100_000_000n);
  expect(host.logs.map(({ message }) => message)).toEqual(["tick"]);
});

test("switched off, a policy lets go of the connection that it holds, and comes back for new ones", async () => {
  const bytes = await compile(`import { Connection, Flow, log } from "proxy-wasm-as";
export function onConnection(connection: Connection): void { log.info("new"); }
export function onData(connection: Connection): Flow { log.info("data"); return Flow.Pause; }`);
  const configuration = configurationOf("enforce").replace("\tb\t", "\t*\t");
  const host = createHost(bytes, { configuration });
  const first = host.connect({ address: "127.1.0.1" });
  const said = (of: typeof first) => of.logs.map(({ message }) => message);
  first.receive("a");
  expect(said(first)).toEqual(["new", "data"]);
  expect(host.configure(switchedOff(configuration, ["f"]))).toBe(true);
  first.receive("b");
  expect(host.configure(configuration)).toBe(true);
  first.receive("c");
  expect([said(first), first.isOpen]).toEqual([["new", "data"], true]);
  const second = host.connect({ address: "127.1.0.1" });
  second.receive("a");
  expect(said(second)).toEqual(["new", "data"]);
});

test("an audited policy takes nothing from a queue, where others would miss it", async () => {
  const bytes = await compile(`import { Queue, Request } from "proxy-wasm-as";
export function onRequest(request: Request): void {
  const queue = Queue.register("q");
  if (queue === null) return;
  if (request.headers.has("push")) queue.push("item");
  const item = request.headers.has("pop") ? queue.pop() : null;
  if (item !== null) request.headers.set("popped", item);
}`);
  const host = start(bytes, "enforce");
  const pop = () => host.request({ ...toB, headers: [["pop", "1"]] }).requestHeaders;
  host.request({ ...toB, headers: [["push", "1"]] });
  host.configure(configurationOf("audit"));
  expect(pop()).toEqual([["pop", "1"]]);
  host.configure(configurationOf("enforce"));
  expect(pop()).toEqual([
    ["pop", "1"],
    ["popped", "item"],
  ]);
});

test("a module exports what its filter has, and what a policy needs", async () => {
  const own = ["configure", "context_create", "delete", "memory_allocate"];
  const exported = async (code: string): Promise<readonly string[]> =>
    exportsOf(await compile(code))
      .flatMap((name) => /^proxy_on_(\w+)$/.exec(name)?.[1] ?? [])
      .filter((name) => !own.includes(name))
      .sort();
  expect(await exported("export function onRequestBody(): void {}")).toEqual(["request_body"]);
  expect(await exported(asking)).toEqual(["http_call_response", "request_headers"]);
  expect(await exported("export function onUpstreamData(): void {}")).toEqual([
    "new_connection",
    "upstream_data",
  ]);
});

const greeting = `import { log, Request, Response } from "proxy-wasm-as";
class Params { text: string = ""; times: i32 = 1; }
export const params = new Params();
export const reads = ["x-name"];
export const writes = ["x-text"];
export function onRequest(request: Request): void {
  params.text += (request.headers.get("x-name") || "").repeat(params.times);
  request.headers.set("x-text", params.text);
}
export function onResponse(response: Response): void { log.info(params.text); }`;

test("parameters alone need no runtime that keeps objects", async () => {
  expect(runtimeOf(greeting)).toBe("arena");
  const bytes = await compile(greeting);
  expect((await compile(greeting, "minimal")).length - bytes.length).toBeGreaterThan(2500);
  const host = createHost(bytes, { configuration: configurationOf("enforce", "hello", "2") });
  const ask = (name: string) => host.exchange({ headers: [["x-name", name]], ...toB });
  // What a callback makes of a parameter goes with it.
  for (const name of ["a", "b".repeat(500), "c"]) {
    const { requestHeaders, logs } = ask(name);
    expect(requestHeaders).toContainEqual(["x-text", `hello${name}${name}`]);
    expect(logs.map(({ message }) => message)).toEqual(["hello"]);
  }
  const before = host.memoryPages;
  for (let turn = 0; turn < 500; turn++) ask("d".repeat(2000 + turn));
  expect(host.memoryPages).toBe(before);
});

test("a text parameter is text, the same in a mesh as in a filter that stands for itself", async () => {
  const code = `import { Request, utf8 } from "proxy-wasm-as";
class Params { text: string = "ü"; }
export const params = new Params();
export function onRequest(request: Request): void {
  const text = params.text;
  request.headers.set("x-units", text.length.toString() + (text == "é日𝄞" ? " as written" : ""));
  request.headers.set("x-text", utf8.encode(text));
}`;
  const { bytes = new Uint8Array(), problems } = await buildFilter({ files: { "filter.ts": code } });
  expect(problems).toEqual([]);
  const inMesh = await compile(code);
  const text = "é日𝄞";
  const hosts = [
    createHost(bytes, { configuration: JSON.stringify({ text }) }),
    createHost(bytes, { configuration: '{"text":"\\u00e9\\u65e5\\ud834\\udd1e"}' }),
    createHost(inMesh, { configuration: configurationOf("enforce", text) }),
  ];
  for (const host of hosts)
    expect(host.request(toB).requestHeaders).toEqual([
      ["x-units", "4 as written"],
      ["x-text", text],
    ]);
  expect(createHost(bytes).request({}).requestHeaders).toEqual([
    ["x-units", "1"],
    ["x-text", "ü"],
  ]);
});

test.each([
  ["a text", 'let last = "";'],
  ["an object", "class Box { n: i32 = 0; } const box = new Box();"],
  ["parameters of somebody else", "namespace inner { export let params = ''; }"],
  ["a list that grows", "const all: string[] = []; function add(text: string): void { all.push(text); }"],
])("what keeps objects has a runtime that does: %s", (_, code) => {
  const text = `class Params { n: i32 = 0; }\nexport const params = new Params();\n${code}\nexport function onRequest(): void {}`;
  expect(runtimeOf(text)).toBe("minimal");
});

test("constants that the compiler reads, numbers, and what the SDK keeps need none", () => {
  const text = `import { Counter, PerStream } from "proxy-wasm-as";
export const reads: string[] = [];
export const writes = ["x-a"];
class Seen { n: u32 = 0; }
const seen = new PerStream<Seen>();
const counter = new Counter("a");
let requests = 0;
export function onRequest(): void { requests++; }`;
  expect(runtimeOf(text)).toBe("arena");
});

test("what filter code is warned of is not written when it runs, and all else is", async () => {
  const names =
    ":authority :scheme connection content-length expect Host keep-alive proxy-connection te trailer transfer-encoding upgrade x-forwarded-client-cert x-forwarded-proto X-Wire-Version x-envoy-max-retries :path :method cookie x-forwarded-for host-name".split(
      " ",
    );
  // Names that are in the code would be warned of.
  const bytes = await compile(`import { log, Request } from "proxy-wasm-as";
export function onRequest(request: Request): void {
  const names = "${names.join(" ")}".split(" ");
  for (let n = 0; n < names.length; n++) {
    if (<i32>request.headers.set(names[n], "1") != 0) log.info(names[n]);
  }
}`);
  const { logs } = start(bytes, "enforce").exchange(toB);
  const warned = names.filter((name) => unwritableByCode(name, "set") !== undefined);
  expect(warned).toHaveLength(16);
  expect(logs.map(({ message }) => message)).toEqual(warned);
});

test("a policy that replaces all headers leaves those that are not for it as they are", async () => {
  const bytes = await compile(`import { log, Pairs, Request } from "proxy-wasm-as";
export function onRequest(request: Request): void {
  const headers = request.headers;
  const all = headers.entries();
  const added: Pairs = [["x-new", "1"]];
  const said: string[] = [];
  said.push((<i32>headers.replaceAll([["X-Wire-Version", "v3"]])).toString());
  said.push((<i32>headers.replaceAll([["host", "elsewhere"]])).toString());
  said.push((<i32>headers.replaceAll([["x"]])).toString());
  if (headers.has("x-whole")) said.push((<i32>headers.replaceAll(all.concat(added))).toString());
  else said.push((<i32>headers.replaceAll(added)).toString());
  log.info(said.join(" "));
}`);
  const reserved = [
    [":authority", "shop"],
    ["te", "trailers"],
    ["x-wire-version", "v2"],
  ] as const;
  const others = [
    [":path", "/"],
    ["x-old", "1"],
    ["x-whole", "1"],
  ] as const;
  const sorted = (pairs: readonly (readonly [string, string])[]) => [...pairs].sort();
  const replace = (mode: string, headers: readonly (readonly [string, string])[]) => {
    const { requestHeaders, logs } = start(bytes, mode).exchange({ ...toB, headers });
    return [sorted(requestHeaders), ...logs.map(({ message }) => message)];
  };
  expect(replace("enforce", [...reserved, ...others])).toEqual([
    sorted([...reserved, ...others, ["x-new", "1"]]),
    "2 2 2 0",
  ]);
  expect(replace("enforce", reserved)).toEqual([sorted([...reserved, ["x-new", "1"]]), "2 2 2 0"]);
  expect(replace("audit", reserved)).toEqual([reserved]);
});

test("the length of a body that a policy may write is left out where its headers go on before it, of those that it is for", async () => {
  const write = 'export function onRequestBody(request: Request): void { request.body.append("!"); }';
  const whole = `import { Request } from "proxy-wasm-as";\n${write}`;
  const some = `import { Request } from "proxy-wasm-as";
export function onRequest(request: Request): void { if (request.headers.has("x-some")) request.headers.remove("content-length"); }
${write}`;
  const sent = { headers: [["content-length", "2"]], body: "ab" } as const;
  for (const code of [whole, some]) {
    const bytes = await compile(code);
    const goesOn = (mode: string, to: typeof toB) => {
      const { requestHeaders, requestBody } = start(bytes, mode).exchange({ ...sent, ...to });
      return [requestHeaders.length, requestBody];
    };
    expect(goesOn("enforce", toB)).toEqual([0, "ab!"]);
    expect(goesOn("audit", toB)).toEqual([1, "ab"]);
    expect(goesOn("enforce", toC)).toEqual([1, "ab"]);
  }
});

test("of what HTTP is framed by, a policy takes away the length of a body that it writes, and nothing else", async () => {
  const bytes = await compile(`import { log, Request } from "proxy-wasm-as";
export function onRequest(request: Request): void {
  const headers = request.headers;
  const names = "content-length te".split(" ");
  log.info(\`\${<i32>headers.set(names[0], "9")} \${<i32>headers.add(names[0], "9")} \${<i32>headers.remove(names[1])} \${<i32>headers.remove("Content-Length")}\`);
}
export function onRequestBody(request: Request): void { request.body.append("more"); }`);
  const sent = {
    ...toB,
    headers: [
      ["content-length", "4"],
      ["te", "trailers"],
    ],
    body: "abcd",
  } as const;
  for (const mode of ["enforce", "audit"] as const) {
    const { requestHeaders, requestBody, logs, response } = start(bytes, mode).exchange(sent);
    expect([requestHeaders, requestBody, response?.status]).toEqual(
      mode === "enforce" ? [[["te", "trailers"]], "abcdmore", 200] : [sent.headers, "abcd", 200],
    );
    expect(logs.map(({ message }) => message)).toEqual(mode === "enforce" ? ["2 2 2 0"] : []);
  }
});
