import { beforeAll, expect, test } from "vitest";
import { assemble } from "../../filters/proxy-wasm-as/build/assemble.ts";
import { buildFilter } from "../../filters/proxy-wasm-as/build/index.ts";
import { actionModule, enforced } from "../../filters/proxy-wasm-as/testing/action-module.test-helper.ts";
import { createHost } from "../../filters/proxy-wasm-as/testing/index.ts";
import { rawModule } from "../../filters/proxy-wasm-as/testing/raw-module.test-helper.ts";
import { type FilterRequest, startFilter } from "./one-filter.ts";

async function compile(options: Parameters<typeof assemble>[0]): Promise<Uint8Array> {
  const { bytes = new Uint8Array(), stderr } = await assemble(options);
  expect(stderr).toBe("");
  return bytes;
}

/** Says what each call of the host comes to, in every callback. */
const talkative = `function read(kind: u32, name: string): u32 {
  return proxy_get_header_map_value(kind, at(name), sizeOf(name), cell, cell + 4);
}
function property(path: string): u32 { return proxy_get_property(at(path), sizeOf(path), cell, cell + 4); }
function get(): u32 { return proxy_get_shared_data(at("k"), 1, cell, cell + 4, cell + 8); }
function set(text: string, cas: u32): u32 { return proxy_set_shared_data(at("k"), 1, at(text), sizeOf(text), cas); }
function buffer(kind: u32): void {
  value("buffer", proxy_get_buffer_bytes(kind, 0, 9, cell, cell + 4)); see(got());
  value("status", proxy_get_buffer_status(kind, cell, cell + 4)); value("length", load<u32>(cell));
}
function define(kind: u32, name: string): u32 { proxy_define_metric(kind, at(name), 1, cell); return load<u32>(cell); }
let counter: u32 = 0;
let histogram: u32 = 0;
export function proxy_on_context_create(id: u32, parent: u32): void { if (parent != 0) see("create"); }
export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 {
  value("request", end);
  value("x-a", read(0, "x-a")); value(":status", read(2, ":status"));
  value("none", get()); value("new", set("a", u32.MAX_VALUE)); value("new again", set("b", u32.MAX_VALUE));
  get(); const cas = load<u32>(cell + 8);
  value("right", set("c", cas)); value("old", set("d", cas)); value("any", set("e", 0));
  value("set", proxy_set_property(at("tag"), 3, at("v"), 1)); value("tag", property("tag")); see(got());
  value("header", property("request\\0headers\\0x-a")); value("url", property("request\\0url_path")); see(got());
  buffer(0);
  if (counter == 0) { counter = define(0, "c"); histogram = define(2, "h"); }
  value("up", proxy_increment_metric(counter, 2)); value("not", proxy_increment_metric(counter, 0));
  value("record", proxy_record_metric(counter, 3)); value("get", proxy_get_metric(counter, cell)); value("is", load<i64>(cell));
  value("up", proxy_increment_metric(histogram, 1)); value("record", proxy_record_metric(histogram, 3));
  value("get", proxy_get_metric(histogram, cell)); value("unknown", proxy_increment_metric(1000, 1));
  if (read(0, "x-deny") == 0) { proxy_send_local_response(429, at("wh y"), 4, at("no"), 2, 0, 0, -1); return 1; }
  return end ? 0 : 1;
}
export function proxy_on_request_body(id: u32, size: u32, end: u32): u32 {
  value("body " + size.toString(), end); buffer(0); value("x-a", read(0, "x-a"));
  if (end) {
    proxy_replace_header_map_value(0, at("x-a"), 3, at("late"), 4);
    value("middle", proxy_set_buffer_bytes(0, 1, 1, at("x"), 1));
    value("front", proxy_set_buffer_bytes(0, 0, 1, at("<"), 1)); value("back", proxy_set_buffer_bytes(0, 99, 0, at(">"), 1));
  }
  return end ? 0 : 1;
}
export function proxy_on_response_headers(id: u32, count: u32, end: u32): u32 {
  value("response", end); value("x-a", read(0, "x-a")); value("absent", read(2, "absent"));
  value(":status", read(2, ":status")); see(got()); value("size", proxy_get_header_map_size(2, cell));
  value("pairs", proxy_get_header_map_pairs(0, cell, cell + 4)); value("any", load<u32>(cell + 4) > 0);
  value("details", property("response\\0code_details")); see(got());
  value("code", property("response\\0code")); see(load<i64>(load<u32>(cell)).toString());
  return 0;
}
export function proxy_on_response_body(id: u32, size: u32, end: u32): u32 {
  value("body " + size.toString(), end); buffer(1);
  return end ? 0 : 1;
}
export function proxy_on_log(id: u32): void {
  see("log"); value("x-a", read(0, "x-a")); value(":status", read(2, ":status")); value("trailer", read(1, "t"));
  value("replace", proxy_replace_header_map_value(2, at("b"), 1, at("x"), 1));
  value("tag", property("tag")); value("code", property("response\\0code"));
}
export function proxy_on_done(id: u32): u32 { see("done"); return 1; }
export function proxy_on_delete(id: u32): void { see("delete"); }`;

test("the in-process host does what an Envoy does, call by call", { timeout: 60_000 }, async () => {
  const bytes = await compile(rawModule(talkative));
  const requests: readonly FilterRequest[] = [
    { headers: { "x-a": "1" }, body: ["ab", "cd", "e"] },
    { headers: { "x-a": "1" } },
    { headers: { "x-a": "1", "x-deny": "1" } },
  ];
  for (const [index, request] of requests.entries()) {
    await using filter = await startFilter({ bytes, address: `127.90.9.${index + 1}` });
    const answer = await filter.send(request);
    const host = createHost(bytes, { allowOnHeadersStopIteration: true });
    const { logs, response, requestBody } = host.exchange({
      headers: [[":path", "/p?q=1"], ...Object.entries(request.headers ?? {})],
      // A body in chunks ends with an empty one.
      ...(request.body === undefined ? {} : { body: [...request.body, ""] }),
      response: { body: ["12", "34", ""] },
    });
    const line = "delete";
    await expect.poll(() => filter.said()).toContain(line);
    const said = filter.said();
    expect(logs.map(({ message }) => message)).toEqual(said.slice(0, said.indexOf(line) + 1));
    expect(answer).toMatchObject({ status: response?.status, body: response?.body });
    if (answer.status === 200) expect(answer.headers["x-got"]).toBe(requestBody);
  }
});

const stateful = actionModule({
  imports: {
    "actions/headers": "hasHeader",
    "actions/state": "acquire, getCount, increment, release, SLOT, state, takeToken",
  },
  configure: 'state(counter, b"p/c"); state(bucket, b"p/b"); state(limit, b"p/l");',
  request: `if (hasHeader(b"count")) { increment(counter, 1); number(getCount(counter)); return deny(200, b""); }
    if (hasHeader(b"token")) return deny(takeToken(bucket, 20, 5) ? 200 : 429, b"");
    if (!acquire(limit, 5)) return deny(429, b"");
    if (hasHeader(b"deny")) deny(403, b"");`,
  rest: `const counter: usize = memory.data(SLOT);
const bucket: usize = memory.data(SLOT);
const limit: usize = memory.data(SLOT);
export function proxy_on_log(context: u32): void { release(context); }
export function proxy_on_delete(context: u32): void { release(context); deleted(context); }`,
});

let module: Uint8Array;
beforeAll(async () => {
  module = await compile({ entry: stateful });
});

/** As many at a time as `parallel` says. */
async function many(times: number, parallel: number, one: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < times) await one(next++);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}

test("four workers of an Envoy: no increment is lost, and no two requests see the same count", async () => {
  await using filter = await startFilter({
    bytes: module,
    configuration: enforced,
    address: "127.90.9.4",
    workers: 4,
  });
  await many(600, 24, async () => void (await filter.send({ headers: { count: "1" } })));
  await expect.poll(() => filter.said().length).toBe(600);
  const counts = filter.said().map(Number);
  expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 600 }, (_, index) => index + 1));
});

test("four workers of an Envoy: a limit holds, and is given back by those that were denied or went", async () => {
  const address = "127.90.9.5";
  await using filter = await startFilter({ bytes: module, configuration: enforced, address, workers: 4 });
  await many(150, 20, async (index) => {
    const answered = { "x-slow": "30", "x-status": index % 8 === 1 ? "503" : "200" };
    await filter.send({ headers: index % 4 === 2 ? { deny: "1" } : answered });
  });
  expect(filter.atOnceMax).toBe(5);
  await many(30, 10, async () => {
    await filter.send({ headers: { "x-slow": "300" }, goneAfterMs: 30 });
  });
  const statuses = async (): Promise<string> => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => filter.send({ headers: { "x-slow": "200" } })),
    );
    return answers
      .map(({ status }) => status)
      .sort()
      .join(" ");
  };
  await expect.poll(statuses, { timeout: 10_000, interval: 300 }).toBe("200 200 200 200 200 429 429 429");
});

test("four workers of an Envoy: a bucket gives its burst and its rate, and no more", async () => {
  const address = "127.90.9.6";
  await using filter = await startFilter({ bytes: module, configuration: enforced, address, workers: 4 });
  let taken = 0;
  const begun = performance.now();
  await many(Number.POSITIVE_INFINITY, 8, async () => {
    if ((await filter.send({ headers: { token: "1" } })).status === 200) taken++;
    if (performance.now() - begun > 1500) throw new Error("enough");
  }).catch(() => undefined);
  const seconds = (performance.now() - begun) / 1000;
  expect(taken).toBeLessThanOrEqual(5 + 20 * seconds);
  expect(taken).toBeGreaterThan(20 * (seconds - 0.5));
});

/** Says what `host` and `:authority` are after each change of either, and which of them is among all headers. */
const hosts = `function read(kind: u32, name: string): void {
  const status = proxy_get_header_map_value(kind, at(name), sizeOf(name), cell, cell + 4);
  see(status == 0 ? got() : "none");
}
function look(): void {
  read(0, "host"); read(0, ":authority");
  proxy_get_header_map_pairs(0, cell, cell + 4);
  const all = got(); value("host", all.includes("host\\0")); value(":authority", all.includes(":authority\\0"));
}
function add(kind: u32, name: string, text: string): void { proxy_add_header_map_value(kind, at(name), sizeOf(name), at(text), sizeOf(text)); }
function replace(name: string, text: string): void { proxy_replace_header_map_value(0, at(name), sizeOf(name), at(text), sizeOf(text)); }
function remove(name: string): void { proxy_remove_header_map_value(0, at(name), sizeOf(name)); }
export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 {
  look(); replace("host", "b"); look(); add(0, "host", "c"); look(); add(0, ":authority", "d"); look();
  remove("host"); look(); add(0, "host", "e"); look(); remove(":authority"); look(); replace("host", "f"); look();
  return 0;
}
export function proxy_on_response_headers(id: u32, count: u32, end: u32): u32 {
  read(2, "host"); add(2, "host", "a"); read(2, "host"); read(2, ":authority");
  return 0;
}
export function proxy_on_delete(id: u32): void { see("delete"); }`;

test("`host` of a request is `:authority`, in the in-process host and in an Envoy", async () => {
  const bytes = await compile(rawModule(hosts));
  await using filter = await startFilter({ bytes, address: "127.90.9.6" });
  expect((await filter.send({ headers: { host: "a" } })).status).toBe(200);
  await expect.poll(() => filter.said()).toContain("delete");
  const { logs } = createHost(bytes).exchange({ headers: [[":authority", "a"]] });
  expect(logs.map(({ message }) => message)).toEqual(filter.said());
  expect(logs[0]?.message).toBe("a");
});

test("a body that is written reaches the service whole, wherever its filter looks for the length", async () => {
  const { bytes = new Uint8Array(), problems } = await buildFilter({
    files: {
      "filter.ts": `import { Request } from "proxy-wasm-as";
export function onRequest(request: Request): void {
  if (request.headers.has("x-a")) request.headers.remove("content-length");
}
export function onRequestBody(request: Request, size: u32, last: bool): void { if (last) request.body.append("!"); }`,
    },
  });
  expect(problems).toEqual([]);
  await using filter = await startFilter({ bytes, address: "127.90.13.2" });
  for (const headers of [{}, { "x-a": "1" }])
    expect(
      await filter.send({ headers: { "content-length": "4", ...headers }, body: ["ab", "cd"] }),
    ).toMatchObject({ status: 200, headers: { "x-got": "abcd!" } });
});
