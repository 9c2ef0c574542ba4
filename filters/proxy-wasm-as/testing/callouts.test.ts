import { expect, test } from "vitest";
import { assemble } from "../build/assemble.ts";
import { createHost, createProxy, type Host, type HostOptions } from "./index.ts";
import { rawModule } from "./raw-module.test-helper.ts";

async function hostOf(body: string, options: HostOptions = {}): Promise<Host> {
  const { bytes = new Uint8Array(), stderr } = await assemble(rawModule(body));
  expect(stderr).toBe("");
  return createHost(bytes, options);
}

const said = ({ logs }: { readonly logs: readonly { readonly message: string }[] }): readonly string[] =>
  logs.map(({ message }) => message);

/** Asks `auth` of each request, and lets it go when the answer is 200. */
const asking = `let stream: u32 = 0;
function put(at: usize, text: string): usize {
  memory.copy(at, changetype<usize>(String.UTF8.encode(text)), String.UTF8.byteLength(text));
  return at + String.UTF8.byteLength(text) + 1;
}
export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 {
  stream = id;
  const pairs = memory.data(96);
  store<u32>(pairs, 3);
  store<u32>(pairs + 4, 7); store<u32>(pairs + 8, 3);
  store<u32>(pairs + 12, 5); store<u32>(pairs + 16, 1);
  store<u32>(pairs + 20, 10); store<u32>(pairs + 24, 4);
  let end_ = put(pairs + 28, ":method"); end_ = put(end_, "GET"); end_ = put(end_, ":path"); end_ = put(end_, "/");
  end_ = put(end_, ":authority"); end_ = put(end_, "auth");
  value("call", proxy_http_call(at("auth"), 4, pairs, <u32>(end_ - pairs), 0, 0, 0, 0, 500, cell));
  return 1;
}
export function proxy_on_http_call_response(root: u32, call: u32, headers: u32, size: u32, trailers: u32): void {
  const status = headers == 0 ? "none" : proxy_get_header_map_value(6, at(":status"), 7, cell, cell + 4) == 0 ? got() : "";
  proxy_set_effective_context(stream);
  see(status);
  if (status == "200") proxy_continue_stream(0);
  else proxy_send_local_response(403, at("auth"), 4, at("no"), 2, 0, 0, -1);
}`;

test("a handler answers a callout, and the request goes on", async () => {
  const host = await hostOf(asking);
  host.onFetch("auth", ({ headers }) => ({ headers: [["x-method", headers[0]?.[1] ?? ""]] }));
  const result = host.exchange({});
  expect(said(result)).toEqual(["call 0", "200"]);
  expect(result).toMatchObject({ action: "continue", response: { status: 200 } });
  expect(result.callCounts).toMatchObject({ http_call: 1, continue_stream: 1 });
});

test("a callout that fails, or goes to a cluster that there is not", async () => {
  const host = await hostOf(asking);
  expect(said(host.exchange({}))).toEqual(["call 2"]);
  host.onFetch("auth", () => "fail");
  const result = host.exchange({});
  expect(said(result)).toEqual(["call 0", "none"]);
  expect(result.response).toMatchObject({ status: 403, body: "no" });
});

test("a test answers a callout itself, or lets it take too long", async () => {
  const host = await hostOf(asking);
  host.onFetch("auth");
  const stream = host.open({});
  stream.respond({ status: 204 });
  expect(host.fetches).toMatchObject([{ cluster: "auth", timeoutMs: 500, isOpen: true }]);
  host.fetches[0]?.answer();
  expect(host.fetches).toEqual([]);
  expect(stream.result().response?.status).toBe(204);
  const late = host.open({});
  late.respond({});
  host.advance(499_000_000n);
  expect(late.result().localReply).toBeUndefined();
  host.advance(1_000_000n);
  expect(said(late.result())).toEqual(["call 0", "504"]);
  expect(late.result().localReply?.status).toBe(403);
});

test("a timer ticks in virtual time, until it is ended", async () => {
  const host = await hostOf(`let count = 0;
export function proxy_on_configure(id: u32, size: u32): u32 { proxy_set_tick_period_milliseconds(100); return 1; }
export function proxy_on_tick(id: u32): void { see("tick"); if (++count == 3) proxy_set_tick_period_milliseconds(0); }`);
  host.advance(250_000_000n);
  expect(said(host)).toEqual(["tick", "tick"]);
  host.advance(10_000_000_000n);
  expect(said(host)).toEqual(["tick", "tick", "tick"]);
});

test("queues tell a VM of what another one puts in", async () => {
  const proxy = createProxy();
  const reader = await hostOf(
    `export function proxy_on_configure(id: u32, size: u32): u32 { proxy_register_shared_queue(at("q"), 1, cell); return 1; }
export function proxy_on_queue_ready(id: u32, queue: u32): void {
  proxy_dequeue_shared_queue(queue, cell, cell + 4); see(got());
  value("then", proxy_dequeue_shared_queue(queue, cell, cell + 4));
}`,
    { proxy, vmId: "reader" },
  );
  const writer = await hostOf(
    `export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 {
  proxy_resolve_shared_queue(at("reader"), 6, at("q"), 1, cell);
  return proxy_enqueue_shared_queue(load<u32>(cell), at("item"), 4);
}`,
    { proxy, vmId: "writer" },
  );
  writer.request({});
  expect(said(reader)).toEqual(["item", "then 7"]);
});

test("a VM that failed is reloaded after its back-off", async () => {
  const host = await hostOf(
    `export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 { if (count > 0) unreachable(); return 0; }`,
    { failure: "reload" },
  );
  expect(host.exchange({ headers: [["trap", "1"]] }).response?.status).toBe(503);
  expect(host.exchange({}).response?.status).toBe(503);
  host.advance(1_000_000_000n);
  expect(host.exchange({}).response?.status).toBe(200);
  expect(host.failure).toBeNull();
});

test("plugins share a VM, and a configuration that is over may want to be waited for", async () => {
  const host = await hostOf(
    `let done: u32 = 0;
export function proxy_on_configure(id: u32, size: u32): u32 {
  if (proxy_get_buffer_bytes(7, 0, size, cell, cell + 4) == 0) see(got());
  return got() == "wrong" ? 0 : 1;
}
export function proxy_on_done(id: u32): u32 { if (id > 2) return 1; done = id; value("done", id); return 0; }
export function proxy_on_delete(id: u32): void { if (id <= 2) value("delete", id); }
export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 {
  if (done != 0 && proxy_set_effective_context(done) == 0) value("finished", proxy_done());
  return 0;
}`,
    { configuration: "one" },
  );
  const second = host.addPlugin({ configuration: "two", pluginName: "second" });
  expect(second).not.toBeNull();
  expect(host.addPlugin({ configuration: "wrong" })).toBeNull();
  host.configure("three");
  expect(said(host)).toEqual(["one", "two", "wrong", "three", "done 1"]);
  second?.request({});
  expect(said(host).slice(5)).toEqual(["finished 0", "delete 1"]);
});

test("random bytes are the same each time, at most 64 KiB, and stay inside memory", async () => {
  const code = `@external("wasi_snapshot_preview1", "random_get") declare function random_get(data: usize, size: usize): u32;
const bytes: usize = memory.data(65544);
export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 {
  value("none", random_get(bytes, 0)); value("is", load<u64>(bytes));
  value("eight", random_get(bytes, 8)); value("is", load<u64>(bytes)); value("behind", load<u64>(bytes, 8));
  value("again", random_get(bytes, 8)); value("is", load<u64>(bytes));
  value("most", random_get(bytes, 65536)); value("more", random_get(bytes, 65537));
  value("outside", random_get(0x7fffff00, 8));
  return 0; }`;
  const [first, second] = [said((await hostOf(code)).request({})), said((await hostOf(code)).request({}))];
  expect(first).toEqual(second);
  const got = first.map((line) => line.split(" "));
  expect(got.map(([word]) => word)).toEqual("none is eight is behind again is most more outside".split(" "));
  const [none, before, eight, is, behind, again, other, most, more, outside] = got.map(
    ([, number]) => number,
  );
  expect([none, before, eight, behind, again, most]).toEqual(["0", "0", "0", "0", "0", "0"]);
  expect(new Set([before, is, other]).size).toBe(3);
  expect([more, outside]).toEqual(["28", "21"]);
  expect(said((await hostOf(code, { seed: 2 })).request({}))[3]).not.toBe(first[3]);
});

test("memory has a cap", async () => {
  const growing = `export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 {
  value("grow", memory.grow(100)); return 0; }`;
  const grown = said((await hostOf(growing)).request({}))[0];
  expect(grown).not.toBe("grow -1");
  expect(said((await hostOf(growing, { memoryPagesMax: 50 })).request({}))).toEqual(["grow -1"]);
});

test("lines below the log level are not there", async () => {
  const code = `export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 {
  proxy_log(1, at("debug"), 5); proxy_log(3, at("warn"), 4); return 0; }`;
  expect(said((await hostOf(code)).request({}))).toEqual(["warn"]);
  expect(said((await hostOf(code, { logLevel: 0 })).request({}))).toEqual(["debug", "warn"]);
});
