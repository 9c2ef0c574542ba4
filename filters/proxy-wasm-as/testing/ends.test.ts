import { expect, test } from "vitest";
import { assemble } from "../build/assemble.ts";
import { hostOf } from "./filter.test-helper.ts";
import { createHost } from "./index.ts";
import { pausedAnswerFilter } from "./paused-answer.test-helper.ts";
import { rawActsModule, rawDeadly, rawPairs, saidOf } from "./raw-acts.test-helper.ts";
import { rawModule } from "./raw-module.test-helper.ts";
import { twoActs, twoActsFilter } from "./two-acts.test-helper.ts";

const messages = (logs: readonly { readonly message: string }[]): readonly string[] =>
  logs.map(({ message }) => message);

test("what would bring an Envoy down is refused: a response let go before it has begun, and anything that ends a stream that is over", async () => {
  const host = await hostOf(`export function onRequest(request: Request): void {
    log.info(\`request \${<i32>request.response.resume()}\`);
  }
  export function onRequestBody(request: Request): void { log.info(\`body \${<i32>request.response.resume()}\`); }
  export function onResponse(response: Response): void { log.info(\`response \${<i32>response.request.resume()}\`); }
  function end(where: string, stream: Stream): void {
    const request = stream.request, response = stream.response;
    log.info(\`\${where} \${<i32>request.reset()} \${<i32>response.reset()} \${<i32>request.resume()} \${<i32>response.resume()} \${<i32>request.reply(200)}\`);
  }
  export function onLog(stream: Stream): void { end("log", stream); }
  export function onDelete(stream: Stream): void { end("delete", stream); }`);
  const { logs } = host.exchange({ body: "a" });
  expect(host.failure).toBeNull();
  expect(messages(logs)).toEqual(["request 2", "body 2", "response 0", "log 2 2 2 2 2", "delete 2 2 2 2 2"]);
});

test("a stream is ended once: after an answer or a reset nothing can be done to it, in whichever callback", async () => {
  const host = await hostOf(twoActsFilter);
  host.onFetch("service", () => ({}));
  for (const which of twoActs) {
    const { logs } = host.exchange({ headers: [["x-acts", which]], response: { body: "b" } });
    expect([which, ...messages(logs)]).toEqual([which, "0 2"]);
  }
  expect(host.failure).toBeNull();
});

test("a response that waits is let go, also one that another filter or the proxy has given", async () => {
  const host =
    await hostOf(`function asked(response: Response, answer: Answer): void { log.info(\`\${<i32>response.resume()}\`); }
  export function onResponse(response: Response): Flow { response.fetch({ cluster: "auth" }, asked); return Flow.Pause; }`);
  host.onFetch("auth", () => ({}));
  const { response, logs } = host.exchange({});
  expect(messages(logs)).toEqual(["0"]);
  expect(response?.status).toBe(200);
});

test("a stream is answered once, whichever others are in between", async () => {
  const host =
    await hostOf(`function asked(request: Request, answer: Answer): void { log.info(\`\${answer.tag}: \${<i32>request.reply(418)}\`); }
  export function onRequest(request: Request): Flow {
    request.fetch({ cluster: "auth" }, asked, 1);
    request.fetch({ cluster: "auth" }, asked, 2);
    return Flow.Pause;
  }`);
  host.onFetch("auth");
  const streams = [host.open({}), host.open({})];
  for (const fetch of [0, 2, 1, 3].map((place) => host.fetches[place])) fetch?.answer({});
  for (const stream of streams) {
    stream.respond({});
    expect(stream.result().response?.status).toBe(418);
    expect(messages(stream.result().logs)).toEqual(["1: 0", "2: 2"]);
    stream.end();
  }
});

test("an answer that the filter holds up as a response is let go, whichever others are in between", async () => {
  const host = await hostOf(pausedAnswerFilter, {}, "minimal");
  host.onFetch("service");
  const streams = [[], [["x-late", "1"]], []].map((headers) => host.open({ headers: headers as [] }));
  for (const stream of streams) stream.respond({});
  const answerAll = (): void => {
    for (const fetch of [...host.fetches].reverse()) fetch.answer({});
  };
  answerAll();
  answerAll();
  expect(streams.map((stream) => messages(stream.result().logs))).toEqual([["2 0 0"], ["2 0 0"], ["2 0 0"]]);
  expect(streams.map((stream) => stream.result().response?.body)).toEqual(["at once", "late", "at once"]);
  expect(host.failure).toBeNull();
});

test("a filter that asks again on each answer ends a test with a reason, and not the test run", async () => {
  const host =
    await hostOf(`function again(request: Request, answer: Answer): void { request.fetch({ cluster: "auth" }, again); }
  export function onRequest(request: Request): Flow {
    if (request.headers.has("x-calm")) return Flow.Continue;
    request.fetch({ cluster: "auth" }, again);
    return Flow.Pause;
  }`);
  host.onFetch("auth", () => ({ status: 500 }));
  expect(() => host.open({})).toThrow("a filter that asks again on each answer never ends");
  // What comes after it is as it was.
  expect(host.exchange({ headers: [["x-calm", "yes"]] }).action).toBe("continue");
});

test("a call has a body of text, or of bytes", async () => {
  const host = await hostOf(`function asked(request: Request, answer: Answer): void { request.resume(); }
  export function onRequest(request: Request): Flow {
    request.fetch({ cluster: "auth", body: "ÿ", method: "POST" }, asked);
    request.fetch({ cluster: "auth", bodyBytes: toBytes("\\xff\\0"), method: "POST" }, asked);
    return Flow.Pause;
  }`);
  host.onFetch("auth");
  host.open({});
  expect(host.fetches.map(({ bodyBytes }) => [...bodyBytes])).toEqual([
    [0xc3, 0xbf],
    [0xff, 0],
  ]);
});

test("a route without a name says of no service that it is called", async () => {
  const host = await hostOf(
    `export function onRequest(request: Request): void { const callee = request.callee; log.info(callee === null ? "null" : callee); }`,
  );
  for (const [name, wanted] of [
    ["", "null"],
    ["rate@v2", "rate"],
  ] as const)
    expect(messages(host.request({ properties: { "xds.route_name": name } }).logs)).toEqual([wanted]);
  expect(messages(host.request({}).logs)).toEqual(["null"]);
});

test("a response is not let go in its own callbacks, which do so by what they return", async () => {
  const host =
    await hostOf(`export function onResponse(response: Response): Flow { log.info(\`\${<i32>response.resume()}\`); return Flow.Continue; }
  export function onResponseBody(response: Response): Flow { log.info(\`\${<i32>response.resume()}\`); return Flow.Continue; }
  export function onResponseTrailers(response: Response): Flow { log.info(\`\${<i32>response.resume()}\`); return Flow.Continue; }`);
  const { logs, response } = host.exchange({ response: { body: "a", trailers: [["t", "1"]] } });
  expect(messages(logs)).toEqual(["2", "2", "2"]);
  expect(response?.body).toBe("a");
});

test("a response is reset in the callback for its trailers, whatever that returns", async () => {
  for (const side of ["response", "response.request"])
    for (const returned of ["void {", "Flow { if (response.status == 1) return Flow.Pause;"]) {
      const end = returned.startsWith("void") ? "" : "return Flow.Continue;";
      const host = await hostOf(
        `export function onResponseTrailers(response: Response): ${returned} log.info(\`\${<i32>${side}.reset()}\`); ${end} }`,
      );
      const { logs, response } = host.exchange({ response: { body: "a", trailers: [["t", "1"]] } });
      expect(messages(logs)).toEqual(["0"]);
      expect(response).toBeUndefined();
      expect(host.failure).toBeNull();
    }
});

test("the host fails the VM where an Envoy would crash", async () => {
  for (const [code, failure] of [
    [
      "proxy_on_request_headers(id: u32, count: u32, end: u32): u32 { proxy_continue_stream(1); return 0; }",
      /has not begun/,
    ],
    [
      "proxy_on_response_trailers(id: u32, count: u32): u32 { proxy_continue_stream(1); return 0; }",
      /last callback/,
    ],
    [
      "proxy_on_response_trailers(id: u32, count: u32): u32 { proxy_close_stream(0); return 0; }",
      /close_stream in trailers of a response that go on/,
    ],
    ["proxy_on_log(id: u32): void { proxy_close_stream(0); }", /close_stream of a stream that has ended/],
    [
      "proxy_on_delete(id: u32): void { if (id > 1) proxy_close_stream(1); }",
      /close_stream of a stream that has ended/,
    ],
    [
      "proxy_on_delete(id: u32): void { if (id > 1) proxy_send_local_response(200, 0, 0, 0, 0, 0, 0, -1); }",
      /send_local_response of/,
    ],
  ] as const) {
    const { bytes = new Uint8Array(), stderr } = await assemble(rawModule(`export function ${code}`));
    expect(stderr).toBe("");
    const host = createHost(bytes);
    host.exchange({ response: { body: "a", trailers: [["t", "1"]] } });
    expect(host.failure).toMatch(failure);
  }
});

test("the host fails the VM on each two acts which an Envoy does not outlive, and on no others", async () => {
  const { bytes = new Uint8Array(), stderr } = await assemble(rawModule(rawActsModule));
  expect(stderr).toBe("");
  for (const which of rawPairs) {
    const host = createHost(bytes, { allowOnHeadersStopIteration: true });
    host.onFetch("service", () => ({}));
    host.exchange({ headers: [["x-acts", which]], response: { body: ["12", "34"] } });
    const wanted = rawDeadly.includes(which)
      ? /(in one callback|has not begun) brings an Envoy down$/
      : /^none$/;
    expect(host.failure ?? "none", saidOf(which)).toMatch(wanted);
  }
});

test("onDelete is called for streams, not for configurations", async () => {
  for (const more of [
    "",
    "export function onConfigure(): void {}",
    "class Kept { n: i32 = 0 } const kept = new PerStream<Kept>(); export function onRequest(request: Request): void { kept.of(request).n++; }",
    "const kept = new PerPlugin<string>(); export function onConfigure(text: string): void { kept.set(text); }",
  ]) {
    const host = await hostOf(
      `${more}\nconst gone = new Gauge("gone"); export function onDelete(stream: Stream): void { gone.add(1); }`,
      {},
      more.includes("PerPlugin") ? "minimal" : "arena",
    );
    host.exchange({});
    expect(host.metrics.get("gone"), more).toBe(1);
    for (let round = 0; round < 40; round++) host.configure(`${round}`);
    host.exchange({});
    host.stop();
    expect(host.metrics.get("gone"), more).toBe(2);
    expect(host.failure).toBeNull();
  }
});
