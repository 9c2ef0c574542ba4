import { beforeAll, expect, test } from "vitest";
import { buildFilter } from "../build/index.ts";
import { createHost, type Host } from "./index.ts";

let bytes = new Uint8Array();
beforeAll(async () => {
  const code = `import { Request, Flow } from "proxy-wasm-as";
export function onRequest(request: Request): Flow {
  request.fetch({ cluster: "auth", path: "/" }, (request, answer) => { request.resume(); });
  return Flow.Pause;
}`;
  const built = await buildFilter({ files: { "filter.ts": code } });
  bytes = Uint8Array.from(built.bytes ?? []);
});

/** As JavaScript gives it, of whatever type. */
const any = (given: unknown): never => given as never;
const setUp = (options: unknown) => (): unknown => createHost(bytes, any(options));
const ask =
  (request: unknown, options = {}) =>
  (): unknown =>
    createHost(bytes, options).exchange(any(request));
const answered = (answer: unknown) => (): unknown => {
  const host = createHost(bytes);
  host.onFetch("auth", () => any(answer));
  return host.request({});
};
const on = (use: (host: Host) => unknown) => (): unknown => use(createHost(bytes));
const headers = 'the headers of a request are a list of pairs, as [["name", "value"]]';

test.each([
  [
    "a path",
    () => createHost(any("filter.wasm")),
    "a host takes the bytes of a module, such as `readFileSync(path)` gives them; this is 'filter.wasm'",
  ],
  [
    "nothing was built",
    () => createHost(new Uint8Array()),
    "a host takes a module of WebAssembly: 0 bytes of something else",
  ],
  [
    "a source",
    () => createHost(Buffer.from("export function onTick(): void {}")),
    "a host takes a module of WebAssembly: 33 bytes of something else",
  ],
  [
    "half a module",
    () => createHost(bytes.subarray(0, 200)),
    /^a host takes a module of WebAssembly: WebAssembly\.Module\(\): /,
  ],
  [
    "an object as configuration",
    setUp({ configuration: { limit: 1 } }),
    "a configuration is a text, for an object what `JSON.stringify` makes of it; this is { limit: 1 }",
  ],
  [
    "no configuration",
    on((host) => host.configure(any(undefined))),
    "a configuration is a text, for an object what `JSON.stringify` makes of it; this is undefined",
  ],
  [
    "another plugin without one",
    on((host) => host.addPlugin(any({ configuration: 1 }))),
    "a configuration is a text, for an object what `JSON.stringify` makes of it; this is 1",
  ],
  [
    "a failure policy",
    setUp({ failure: "reopen" }),
    '`failure` is "closed" or "open" or "reload"; this is \'reopen\'',
  ],
  ["no workers", setUp({ workers: 0 }), "`workers` is a whole number from 1 to 2147483647; this is 0"],
  [
    "a worker that is not there",
    ask({ worker: 2 }, { workers: 2 }),
    "`worker` is a whole number from 0 to 1; this is 2",
  ],
  [
    "headers as an object",
    ask({ headers: { a: "b" } }),
    `${headers}, of an object \`Object.entries\` makes one; this is { a: 'b' }`,
  ],
  ["a flat list", ask({ headers: ["a", "b"] }), `${headers}, of texts or a value of bytes; this is 'a'`],
  [
    "a number as a value",
    ask({ headers: [["a", 1]] }),
    `${headers}, of texts or a value of bytes; this is [ 'a', 1 ]`,
  ],
  [
    "three in a pair",
    ask({ headers: [["a", "b", "c"]] }),
    `${headers}, of texts or a value of bytes; this is [ 'a', 'b', 'c' ]`,
  ],
  [
    "trailers",
    ask({ trailers: [["a"]] }),
    'the trailers of a request are a list of pairs, as [["name", "value"]], of texts or a value of bytes; this is [ \'a\' ]',
  ],
  [
    "a body that is no text",
    ask({ body: { a: 1 } }),
    "the body of a request is a text, bytes, or a list of those; this is { a: 1 }",
  ],
  [
    "a property",
    ask({ properties: { "source.address": null } }),
    "the property `source.address` is a text, bytes, a number, a bool, a map of such by names, or a list; this is null",
  ],
  [
    "a property in a map",
    ask({ properties: { xds: { "a.b": [undefined] } } }),
    "the property `xds['a.b']['0']` is a text, bytes, a number, a bool, a map of such by names, or a list; this is undefined",
  ],
  [
    "what an Envoy knows of itself",
    ask({ properties: { "node.id": "a" } }),
    "what an Envoy knows of itself is `xds.node`, as in `xds.node.id`: it has no `node`; this is { 'node.id': 'a' }",
  ],
  ["no request", ask(undefined), "a request is an object; this is undefined"],
  [
    "a status of an answer",
    ask({ response: { status: "200" } }),
    "the status of an answer is a whole number from 100 to 599; this is '200'",
  ],
  [
    "headers of an answer",
    ask({ response: { headers: [{ a: "b" }] } }),
    'the headers of an answer are a list of pairs, as [["name", "value"]], of texts or a value of bytes; this is { a: \'b\' }',
  ],
  [
    "what a cluster answers",
    answered({ status: 9 }),
    "the status of an answer is a whole number from 100 to 599; this is 9",
  ],
  [
    "a promise of an answer",
    answered(Promise.resolve({ status: 403 })),
    "an answer is there at once, or given later by `answer`: it is no promise; this is Promise { { status: 403 } }",
  ],
  [
    "a whole number as a property",
    ask({ properties: { "source.port": 8080 } }),
    "the property `source.port` is a whole number of 64 bits, a `bigint` such as 8080n; this is 8080",
  ],
  [
    "a whole number as a property in a map",
    ask({ properties: { source: { port: 8080 } } }),
    "the property `source['port']` is a whole number of 64 bits, a `bigint` such as 8080n; this is 8080",
  ],
  ["a text as an answer", answered("no"), "an answer is an object; this is 'no'"],
  [
    "a number of nanoseconds",
    on((host) => host.advance(any(1000))),
    "what `advance` takes is in nanoseconds, a `bigint` such as 1_000_000n; this is 1000",
  ],
  [
    "a callback that is none",
    on((host) => host.enter("onTick")),
    "what is entered is a callback of the ABI, such as `proxy_on_tick`; this is 'onTick'",
  ],
  [
    "who connects",
    on((host) => host.connect(any({}))),
    "the `address` of who connects is a text; this is undefined",
  ],
  [
    "who connects, with a port",
    on((host) => host.connect({ address: "1.2.3.4:99" })),
    "the `address` of who connects has no port; `properties` can say another `source.address`; this is '1.2.3.4:99'",
  ],
] as const)("what a host is given wrongly is said in its own words: %s", (_, use, message) => {
  expect(use).toThrow(TypeError);
  expect(use).toThrow(message);
});

test("a handler of gRPC that returns an answer is told how to give one", async () => {
  const { bytes: asking = new Uint8Array() } = await buildFilter({
    files: {
      "filter.ts": `import { Request, Flow } from "proxy-wasm-as";
export function onRequest(request: Request): Flow {
  request.grpc({ cluster: "policy", service: "a", method: "b" }, (request, answer) => { request.resume(); });
  return Flow.Pause;
}`,
    },
  });
  const host = createHost(asking);
  host.onGrpc("policy", () => any({ message: "" }));
  expect(() => host.request({})).toThrow(
    "a handler of gRPC returns nothing: it answers by `call.send(message)` and `call.close(status)`; this is { message: '' }",
  );
});
