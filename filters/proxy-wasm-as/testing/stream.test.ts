import { expect, test } from "vitest";
import { assemble } from "../build/assemble.ts";
import { createHost, createSharedData, type Host, type HostOptions } from "./index.ts";
import { rawModule } from "./raw-module.test-helper.ts";
import { rawUnreadModule } from "./unread.test-helper.ts";

async function hostOf(body: string, options: HostOptions = {}): Promise<Host> {
  const { bytes = new Uint8Array(), stderr } = await assemble(rawModule(body));
  expect(stderr).toBe("");
  const host = createHost(bytes, options);
  expect(host.failure).toBeNull();
  return host;
}

const said = ({ logs }: { readonly logs: readonly { readonly message: string }[] }): readonly string[] =>
  logs.map(({ message }) => message);

const readHeader = `function read(kind: u32, name: string): u32 {
  return proxy_get_header_map_value(kind, at(name), sizeOf(name), cell, cell + 4);
}`;

test("a stream goes from its headers to its log, with the headers of each part at hand in its time", async () => {
  const host = await hostOf(`${readHeader}
export function proxy_on_context_create(id: u32, parent: u32): void { if (parent != 0) see("create"); }
export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 {
  value("request " + count.toString(), end);
  assert(read(0, "a") == 0); see(got()); assert(read(2, ":status") == 2);
  return 0;
}
export function proxy_on_response_headers(id: u32, count: u32, end: u32): u32 {
  value("response " + count.toString(), end);
  assert(read(0, "a") == 2); assert(read(2, "absent") == 1); assert(read(2, ":status") == 0); see(got());
  assert(proxy_get_header_map_pairs(0, cell, cell + 4) == 0 && load<u32>(cell + 4) == 0);
  assert(proxy_get_header_map_size(2, cell) == 0); value("size", load<u32>(cell));
  proxy_replace_header_map_value(2, at("b"), 1, at("new"), 3);
  proxy_add_header_map_value(2, at("c"), 1, at("1"), 1);
  proxy_remove_header_map_value(2, at("d"), 1);
  return 0;
}
export function proxy_on_log(id: u32): void {
  assert(read(0, "a") == 0); assert(read(1, "a") == 1); assert(read(2, "b") == 0); see("log " + got());
  assert(proxy_replace_header_map_value(2, at("b"), 1, at("x"), 1) == 2);
}
export function proxy_on_done(id: u32): u32 { see("done"); return 1; }
export function proxy_on_delete(id: u32): void { see("delete"); }`);
  const result = host.exchange({
    headers: [["A", "1"]],
    response: {
      status: 204,
      headers: [
        ["b", "old"],
        ["d", "x"],
      ],
    },
  });
  expect(host.failure).toBeNull();
  expect(said(result)).toEqual([
    "create",
    "request 1 1",
    "1",
    "response 3 1",
    "204",
    "size 16",
    "log new",
    "done",
    "delete",
  ]);
  expect(result.response).toMatchObject({
    status: 204,
    headers: [
      ["b", "new"],
      ["c", "1"],
    ],
  });
});

const bodies = `export function proxy_on_request_body(id: u32, size: u32, end: u32): u32 {
  proxy_get_buffer_bytes(0, 0, 100, cell, cell + 4);
  value(got() + " " + size.toString(), end);
  return end ? 0 : BUFFER;
}
export function proxy_on_response_body(id: u32, size: u32, end: u32): u32 {
  assert(proxy_get_buffer_status(1, cell, cell + 4) == 0 && load<u32>(cell) == size);
  if (end) {
    assert(proxy_set_buffer_bytes(1, 1, 1, at("x"), 1) == 2);
    assert(proxy_set_buffer_bytes(1, 0, 1, at("<"), 1) == 0);
    assert(proxy_set_buffer_bytes(1, 99, 0, at(">"), 1) == 0);
  }
  return end ? 0 : 1;
}`;

test("a body that is held back is seen as a whole, and one that passes piece by piece", async () => {
  const held = await hostOf(bodies.replace("BUFFER", "1"));
  const result = held.exchange({ body: ["ab", "cd", "e"], response: { body: ["12", "34"] } });
  expect(said(result)).toEqual(["ab 2 0", "abcd 4 0", "abcde 5 1"]);
  expect(result.requestBody).toBe("abcde");
  expect(result.response?.body).toBe("<234>");
  const passing = await hostOf(bodies.replace("BUFFER", "0"));
  const passed = passing.exchange({ body: ["ab", "cd"] });
  expect(said(passed)).toEqual(["ab 2 0", "cd 2 1"]);
  expect(passed.requestBody).toBe("abcd");
  const dropping = await hostOf(bodies.replace("BUFFER", "3"));
  expect(dropping.exchange({ body: ["ab", "cd"] }).requestBody).toBe("cd");
});

test("a body above the limit is answered by Envoy", async () => {
  const host = await hostOf(bodies.replace("BUFFER", "1"), { bufferLimit: 3 });
  const request = host.exchange({ body: ["ab", "cd", "e"] });
  expect(request.localReply).toMatchObject({ status: 413, details: "request_payload_too_large" });
  expect(request.action).toBe("stop");
  // The client has its headers already.
  expect(host.exchange({ response: { body: ["1234", "5"] } }).response).toBeUndefined();
});

test("headers held back see the body only where the plugin's setting allows it", async () => {
  const code = `${readHeader}
export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 { return 1; }
export function proxy_on_request_body(id: u32, size: u32, end: u32): u32 {
  see("body"); assert(read(0, "a") == 0);
  proxy_replace_header_map_value(0, at("a"), 1, at("2"), 1);
  return end ? 0 : 1;
}`;
  const request = { headers: [["a", "1"]], body: "x" } as const;
  const strict = (await hostOf(code)).exchange(request);
  expect(said(strict)).toEqual([]);
  expect(strict.action).toBe("stop");
  expect(strict.response).toBeUndefined();
  const host = await hostOf(code, { allowOnHeadersStopIteration: true });
  const result = host.exchange(request);
  expect(said(result)).toEqual(["body"]);
  expect(result.action).toBe("continue");
  expect(result.requestHeaders).toEqual([["a", "2"]]);
  // Nothing more comes of a request without a body, and so nothing lets it go.
  expect(host.exchange({ headers: [["a", "1"]] }).action).toBe("stop");
});

test("trailers come last and let go of what was held", async () => {
  const host = await hostOf(`${readHeader}
export function proxy_on_request_body(id: u32, size: u32, end: u32): u32 { value("body", end); return 1; }
export function proxy_on_request_trailers(id: u32, count: u32): u32 {
  assert(read(1, "t") == 0); see("trailers " + got());
  proxy_get_buffer_bytes(0, 0, 9, cell, cell + 4); see(got());
  return 0;
}`);
  const result = host.exchange({ body: ["a", "b"], trailers: [["T", "1"]] });
  expect(said(result)).toEqual(["body 0", "body 0", "trailers 1", "ab"]);
  expect(result).toMatchObject({ action: "continue", requestBody: "ab" });
});

test("a filter's own answer meets its own callbacks for responses", async () => {
  const code = `function reply(): void { proxy_send_local_response(429, at("wh y"), 4, at("no"), 2, 0, 0, -1); }
export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 { if (count == 1) reply(); return 0; }
export function proxy_on_response_headers(id: u32, count: u32, end: u32): u32 {
  proxy_add_header_map_value(2, at("seen"), 4, at("1"), 1);
  if (AGAIN) reply();
  return 0;
}`;
  const once = await hostOf(code.replace("AGAIN", "false"));
  const denied = once.exchange({ headers: [["a", "1"]], body: "x" });
  expect(denied).toMatchObject({ action: "stop", localReply: { status: 429, body: "no", details: "wh_y" } });
  expect(denied.response).toMatchObject({ status: 429, body: "no" });
  expect(denied.response?.headers).toContainEqual(["seen", "1"]);
  const late = await hostOf(code.replace("AGAIN", "true"));
  // In the place of a service's answer: not through the filters again.
  const replaced = late.exchange({});
  expect(replaced.action).toBe("continue");
  expect(replaced.response).toMatchObject({ status: 429, body: "no" });
  expect(replaced.response?.headers).not.toContainEqual(["seen", "1"]);
  // So is an answer to its own answer, and the request has not gone on.
  const twice = late.exchange({ headers: [["a", "1"]] });
  expect(twice.action).toBe("stop");
  expect(twice.response).toMatchObject({ status: 429, body: "no" });
  expect(twice.response?.headers).not.toContainEqual(["seen", "1"]);
});

test("a request that has gone on has done so, whatever becomes of its response", async () => {
  const ends = [
    "unreachable()",
    "proxy_close_stream(1)",
    "proxy_send_local_response(500, 0, 0, 0, 0, 0, 0, -1)",
  ];
  for (const end of ends) {
    const host = await hostOf(
      `export function proxy_on_response_body(id: u32, size: u32, end: u32): u32 { ${end}; return 0; }`,
    );
    const result = host.exchange({ response: { body: "a" } });
    expect(result.response).toBeUndefined();
    expect(result.action, end).toBe("continue");
  }
  const host = await hostOf(`export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 {
  proxy_close_stream(0);
  return 0;
}`);
  expect(host.exchange({})).toMatchObject({ action: "stop" });
});

test("what Envoy answers a client that speaks gRPC is trailers alone, too", async () => {
  const host = await hostOf(
    `export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 { unreachable(); return 0; }`,
  );
  const type = ["content-type", "application/grpc"] as const;
  const failed = host.exchange({ headers: [type] });
  expect(failed).toMatchObject({ action: "stop", localReply: { details: "wasm_fail_stream" } });
  expect(failed.response).toMatchObject({ status: 200, body: "", headers: [type, ["grpc-status", "14"]] });
  expect(host.exchange({}).response).toMatchObject({ status: 503, headers: [] });
});

test("a client that speaks gRPC gets an answer of the filter's own as trailers alone", async () => {
  const host = await hostOf(`export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 {
  proxy_send_local_response(429, at("why"), 3, at("50% \u00e9"), 6, 0, 0, count == 1 ? -1 : 8);
  return 0;
}`);
  const reply = (...headers: [string, string][]) => host.exchange({ headers }).response;
  const message: [string, string] = ["grpc-message", "50%25 %C3%A9"];
  const type: [string, string] = ["content-type", "application/grpc"];
  expect(reply(type)).toMatchObject({
    status: 200,
    body: "",
    headers: [type, ["grpc-status", "14"], message],
  });
  expect(reply(["content-type", "application/grpc+json"], ["a", "1"])).toMatchObject({
    status: 200,
    headers: [type, ["grpc-status", "8"], message],
  });
  expect(reply(["content-type", "application/grpc-web"])).toMatchObject({ status: 429, body: "50% \u00e9" });
  expect(reply(["content-type", "application/grpc;a=b"])).toMatchObject({ status: 429, body: "50% \u00e9" });
});

test("a client speaks gRPC or not by the type that it has sent, whatever the filter makes of that", async () => {
  const host = await hostOf(`export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 {
  proxy_remove_header_map_value(0, at("content-type"), 12);
  if (count == 2) proxy_add_header_map_value(0, at("content-type"), 12, at("application/grpc"), 16);
  proxy_send_local_response(403, 0, 0, 0, 0, 0, 0, -1);
  return 0;
}`);
  const status = (...headers: [string, string][]) => host.exchange({ headers }).response?.status;
  expect(status(["content-type", "application/grpc"])).toBe(200);
  expect(status(["content-type", "text/plain"], ["a", "1"])).toBe(403);
});

test("shared data is changed by compare-and-swap, and belongs to all VMs of an id", async () => {
  const code = `function get(): u32 { return proxy_get_shared_data(at("k"), 1, cell, cell + 4, cell + 8); }
function set(value: string, cas: u32): u32 { return proxy_set_shared_data(at("k"), 1, at(value), sizeOf(value), cas); }
export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 {
  if (count == 0) { assert(get() == 1); assert(set("a", u32.MAX_VALUE) == 0); return 0; }
  assert(get() == 0); see(got());
  const cas = load<u32>(cell + 8);
  assert(set("x", u32.MAX_VALUE) == 8);
  assert(set("b", cas) == 0); assert(set("c", cas) == 8); assert(set("d", 0) == 0);
  return 0;
}`;
  const sharedData = createSharedData();
  const host = await hostOf(code, { workers: 2, sharedData });
  host.request({ worker: 0 });
  expect(said(host.request({ worker: 1, headers: [["a", "1"]] }))).toEqual(["a"]);
  expect(said((await hostOf(code, { sharedData })).request({ headers: [["a", "1"]] }))).toEqual(["d"]);
  expect(host.failure).toBeNull();
});

test("the clock is the test's, and properties are of Envoy's types", async () => {
  const host = await hostOf(
    `function property(path: string): u32 { return proxy_get_property(at(path), sizeOf(path), cell, cell + 4); }
export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 {
  proxy_get_current_time_nanoseconds(cell); value("time", load<i64>(cell));
  assert(property("request\\0path") == 0); see(got());
  assert(property("request\\0headers\\0x-a") == 0); see(got());
  assert(property("connection\\0mtls") == 0 && load<u32>(cell + 4) == 1 && load<u8>(load<u32>(cell)) == 1);
  assert(property("a\\0b\\0c") == 0 && load<i64>(load<u32>(cell)) == -5);
  assert(property("absent") == 1 && property("tag") == 1);
  assert(proxy_set_property(at("tag"), 3, at("v"), 1) == 0 && property("tag") == 0); see(got());
  return 0;
}
export function proxy_on_log(id: u32): void {
  assert(property("tag") == 0); see(got());
  assert(property("response\\0code") == 0); value("code", load<i64>(load<u32>(cell)));
}`,
    { now: 1000n },
  );
  host.advance(5n);
  const result = host.exchange({
    headers: [
      [":path", "/p"],
      ["x-a", "1"],
    ],
    properties: { "connection.mtls": true, "a.b.c": -5n },
  });
  expect(host.failure).toBeNull();
  expect(said(result)).toEqual(["time 1005", "/p", "1", "v", "v", "code 200"]);
  expect([...result.filterState]).toEqual([["wasm.tag", "v"]]);
});

test("another worker can go first before any call, and the same one cannot", async () => {
  const code = `export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 {
  proxy_get_current_time_nanoseconds(cell); value("at", count); return 0; }`;
  const seen: string[] = [];
  const host: Host = await hostOf(code, {
    workers: 2,
    onCall(name, worker) {
      if (name === "get_current_time_nanoseconds" && worker === 0) {
        seen.push(...said(host.request({ worker: 1 })));
      }
    },
  });
  seen.push(...said(host.request({ worker: 0, headers: [["a", "1"]] })));
  expect(seen).toEqual(["at 0", "at 1"]);
  const again: Host = await hostOf(code, { onCall: (name) => name === "log" || again.request({}) });
  again.request({});
  expect(again.failure).toContain("one thing at a time");
});

test("a client that goes leaves a stream that is logged and ended once", async () => {
  const host = await hostOf(`${readHeader}
export function proxy_on_log(id: u32): void { assert(read(2, ":status") == 1); see("log"); }
export function proxy_on_delete(id: u32): void { see("delete"); }`);
  const stream = host.open({});
  stream.end();
  stream.end();
  stream.respond({});
  expect(said(stream.result())).toEqual(["log", "delete"]);
});

test("a body comes when the test sends it, after whatever has gone on meanwhile", async () => {
  const host = await hostOf(`
export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 {
  value("headers", end);
  proxy_set_tick_period_milliseconds(10);
  return 0;
}
export function proxy_on_tick(root: u32): void { see("tick"); }
export function proxy_on_request_body(id: u32, size: u32, end: u32): u32 {
  proxy_get_buffer_bytes(0, 0, 100, cell, cell + 4);
  value(got() + " " + size.toString(), end);
  return size > 3 ? 1 : 0;
}
export function proxy_on_request_trailers(id: u32, count: u32): u32 { value("trailers", count); return 0; }`);
  const begin = () => host.open({ headers: [["a", "1"]], isUnfinished: true });
  const stream = begin();
  expect([said(stream.result()), stream.result().requestBody]).toEqual([["headers 0"], ""]);
  host.advance(15_000_000n);
  stream.send({ body: ["ab", "c"], isUnfinished: true });
  expect([said(stream.result()), stream.result().requestBody]).toEqual([
    ["headers 0", "ab 2 0", "c 1 0"],
    "abc",
  ]);
  stream.respond({ body: "early" });
  stream.send({ body: "defg", isUnfinished: true });
  expect([stream.result().response?.body, stream.result().requestBody]).toEqual(["early", "abc"]);
  stream.send({ body: "h" });
  stream.end();
  expect(said(stream.result()).slice(3)).toEqual(["defg 4 0", "defgh 5 1"]);
  for (const [more, last] of [
    [{}, [" 0 1"]],
    [{ trailers: [["t", "1"]] }, ["trailers 1"]],
    [{ body: "z", trailers: [["t", "1"]] }, ["z 1 0", "trailers 1"]],
  ] as const) {
    const other = begin();
    other.send(more);
    expect(said(other.result())).toEqual(["headers 0", ...last]);
    expect(other.result().requestTrailers).toEqual(more.trailers ?? []);
    expect(() => other.send({})).toThrow(
      /^a request that has ended takes no more: begin it with `isUnfinished: true`/,
    );
    other.end();
  }
});

test("what is written where a body ends is lost behind a piece that was paused and let go, unless more of it comes", async () => {
  const host = await hostOf(rawUnreadModule);
  for (const [end, body] of [
    [{}, "ab"],
    [{ body: "cd" }, "abcd!"],
    [{ trailers: [["t", "1"]] }, "ab"],
  ] as const) {
    const stream = host.open({ headers: [[":method", "POST"]], body: "ab", isUnfinished: true });
    host.advance(20_000_000n);
    stream.send(end);
    expect(stream.result()).toMatchObject({ requestBody: body, action: "continue" });
    expect(said(stream.result())).toEqual(["let go 0", "wrote 0"]);
    stream.end();
  }
});

test("the body of a request stays whose headers are let go and stop all in one callback, also where it comes later", async () => {
  const host = await hostOf(`export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 {
  see(proxy_continue_stream(0).toString());
  return 4;
}`);
  expect(host.request({}).action).toBe("continue");
  const body = { body: "ab", trailers: [["t", "1"]] } as const;
  const stream = host.open({ headers: [[":method", "POST"]], isUnfinished: true });
  stream.send(body);
  for (const result of [host.request(body), stream.result()])
    expect(result).toMatchObject({ action: "stop", requestBody: "", requestTrailers: [] });
});
