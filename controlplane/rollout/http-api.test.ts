import { get, type IncomingMessage } from "node:http";
import { createConnection } from "node:net";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WireError } from "../error/wire-error.ts";
import { createFeed, type Feed } from "./feed.ts";
import { type HttpApi, startHttpApi } from "./http-api.ts";

let feed: Feed<unknown>;
let api: HttpApi;
let base: string;

beforeEach(async () => {
  feed = createFeed();
  api = await startHttpApi({
    host: "127.0.0.1",
    port: 0,
    status: () => ({ well: true }),
    node: (name) => (name === "a b" ? { node: name } : undefined),
    metrics: async () => ({ contentType: "text/plain", body: "a 1\n" }),
    callMetrics: async () => ({ contentType: "text/plain", body: "b 2\n" }),
    feeds: { names: feed },
    answers: {
      asked: async (path, query) => ({ status: path[0] === "no" ? 404 : 200, value: [path, query.get("q")] }),
      // What answers and is told is one path.
      fail: async () => ({ status: 200, value: null }),
    },
    commands: {
      echo: async (body) => ({ status: body === undefined ? 400 : 200, value: { body } }),
      fail: async () => {
        throw new WireError("state", "cannot write");
      },
    },
  });
  base = `http://127.0.0.1:${api.port}`;
});

afterEach(() => api.close());

test("a node is asked for by its name, and one that is not there is named", async () => {
  const ask = async (path: string) => {
    const response = await fetch(`${base}${path}`);
    return [response.status, await response.json()];
  };
  expect(await ask("/nodes/a%20b")).toEqual([200, { node: "a b" }]);
  expect(await ask("/nodes/other")).toEqual([404, { error: "no proxy of `other` is to run" }]);
  expect(await ask("/nodes/%")).toEqual([404, { error: "no proxy of `%` is to run" }]);
});

test("what is too long is told that it is", async () => {
  const post = (path: string, length: number) =>
    fetch(`${base}${path}`, { method: "POST", body: JSON.stringify("x".repeat(length - 2)) });
  expect((await post("/echo", 4_096)).status).toBe(200);
  for (const path of ["/echo", "/names/ack"]) {
    const response = await post(path, 100_000);
    expect([response.status, await response.json()]).toEqual([
      413,
      { error: "a body has at most 4096 characters" },
    ]);
  }
});

test("a follower that does not read gets the latest value when it does, and not all in between", async () => {
  const response = await new Promise<IncomingMessage>((resolve) =>
    get(`${base}/names`, (answer) => resolve(answer.pause())),
  );
  const values = 300;
  for (let value = 1; value <= values; value++) {
    feed.publish([value, "x".repeat(300_000)]);
    await new Promise((done) => setImmediate(done));
  }
  const got: number[] = [];
  for await (const line of createInterface({ input: response })) {
    const { value } = JSON.parse(line) as { readonly value: readonly [number, string] };
    got.push(value[0]);
    if (value[0] === values) break;
  }
  expect(got.length).toBeLessThan(100);
  response.destroy();
});

test("an answer is told what is asked for", async () => {
  const ask = async (path: string) => {
    const response = await fetch(`${base}${path}`);
    return [response.status, await response.json()];
  };
  expect(await ask("/asked")).toEqual([200, [[], null]]);
  expect(await ask("/asked/1/more?q=2")).toEqual([200, [["1", "more"], "2"]]);
  expect(await ask("/asked/no")).toEqual([404, [["no"], null]]);
  expect((await fetch(`${base}/asked`, { method: "POST", body: "{}" })).status).toBe(404);
});

async function acknowledge(body: string): Promise<number> {
  return (await fetch(`${base}/names/ack`, { method: "POST", body })).status;
}

/** The lines of a followed feed, one by one. */
function follow(query = ""): { readonly next: () => Promise<unknown>; readonly close: () => void } {
  const abort = new AbortController();
  const lines = new Promise<AsyncIterator<string>>((resolve) => {
    get(`${base}/names${query}`, { agent: false, signal: abort.signal }, (response) => {
      response.on("error", () => undefined);
      const input = createInterface({ input: response });
      input.on("error", () => undefined);
      resolve(input[Symbol.asyncIterator]());
    }).on("error", () => undefined);
  });
  return {
    next: async () => JSON.parse((await (await lines).next()).value),
    close: () => abort.abort(),
  };
}

test("the status, and what there is besides", async () => {
  expect(await (await fetch(`${base}/status`)).json()).toEqual({ well: true });
  const metrics = await fetch(`${base}/metrics`);
  expect([metrics.headers.get("content-type"), await metrics.text()]).toEqual(["text/plain", "a 1\n"]);
  expect(await (await fetch(`${base}/metrics/calls`)).text()).toBe("b 2\n");
  const missing = await fetch(`${base}/nothing`);
  expect([missing.status, await missing.json()]).toEqual([
    404,
    {
      error:
        "no such path; there are /status, /metrics, /metrics/calls, /nodes/NAME, /names, /asked, /fail, /echo",
    },
  ]);
});

test("a follower gets each value and acknowledges it", async () => {
  feed.publish(["one"]);
  const follower = follow("?follower=me");
  const first = (await follower.next()) as { readonly revision: string };
  expect(first).toEqual({ revision: feed.latest?.revision, value: ["one"] });
  expect(await acknowledge(JSON.stringify({ revision: first.revision, follower: "me" }))).toBe(200);
  await feed.acknowledged(1_000);
  feed.publish(["two"]);
  expect(await follower.next()).toMatchObject({ value: ["two"] });
  await expect(feed.acknowledged(20)).rejects.toThrow("from me");
  follower.close();
});

test("one who only reads is not waited for", async () => {
  const reader = follow();
  feed.publish(["one"]);
  expect(await reader.next()).toMatchObject({ value: ["one"] });
  await feed.acknowledged(20);
  reader.close();
});

test("what is no acknowledgement is refused", async () => {
  for (const body of ["", "{", "[]", "null", '{"revision":1,"follower":"me"}']) {
    expect(await acknowledge(body)).toBe(400);
  }
});

test("a command is told what was sent, and answers", async () => {
  const post = async (path: string, body: string) => {
    const response = await fetch(`${base}/${path}`, { method: "POST", body });
    return [response.status, await response.json()];
  };
  expect(await post("echo", '{"a":[1]}')).toEqual([200, { body: { a: [1] } }]);
  expect(await post("echo", "{")).toEqual([400, {}]);
  expect(await post("fail", "{}")).toEqual([500, { error: "[state] cannot write" }]);
  expect((await fetch(`${base}/echo`)).status).toBe(404);
});

test("a path that every object has is none of the feeds", async () => {
  for (const path of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
    expect((await fetch(`${base}/${path}`)).status).toBe(404);
    expect((await fetch(`${base}/${path}/ack`, { method: "POST", body: "{}" })).status).toBe(404);
  }
});

test("a request line that is no URL, and a client that leaves in the middle, do no harm", async () => {
  for (const text of [
    "GET // HTTP/1.1\r\nhost: x\r\n\r\n",
    "POST /names/ack HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{",
  ]) {
    await new Promise<void>((resolve) => {
      const socket = createConnection({ host: "127.0.0.1", port: api.port }, () => {
        socket.end(text);
        setTimeout(() => socket.destroy(), 20);
      });
      socket.on("error", () => undefined);
      socket.on("close", () => resolve());
    });
  }
  expect((await fetch(`${base}/status`)).status).toBe(200);
});

test("with a token, nothing is answered to whoever does not bear it, and it can change", async () => {
  let token = "first-of-two-tokens";
  const guarded = await startHttpApi({
    ...{ host: "0.0.0.0", port: 0, token: () => token, status: () => ({ well: true }) },
    node: () => undefined,
    metrics: async () => ({ contentType: "text/plain", body: "" }),
    callMetrics: async () => ({ contentType: "text/plain", body: "" }),
    feeds: { names: feed },
    answers: {},
    commands: {},
  });
  const ask = (authorization?: string, path = "/status", method = "GET"): Promise<Response> =>
    fetch(`http://127.0.0.1:${guarded.port}${path}`, {
      method,
      headers: authorization === undefined ? {} : { authorization },
    });
  try {
    for (const [path, method] of [
      ["/status"],
      ["/metrics"],
      ["/names"],
      ["/names/ack", "POST"],
      ["/nothing"],
    ]) {
      const refused = await ask(undefined, path, method);
      expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="wire"']);
      expect(await refused.json()).toHaveProperty("error");
    }
    for (const wrong of ["Bearer", "Bearer ", "Bearer first", `Bearer ${token}x`, `Basic ${token}`, token]) {
      const refused = await ask(wrong);
      expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([
        401,
        'Bearer realm="wire", error="invalid_token"',
      ]);
    }
    expect(await (await ask(`Bearer ${token}`)).json()).toEqual({ well: true });
    expect((await ask(`bearer ${token}`)).status).toBe(200);
    const before = token;
    token = "second-of-two-tokens";
    expect((await ask(`Bearer ${before}`)).status).toBe(401);
    expect((await ask(`Bearer ${token}`)).status).toBe(200);
  } finally {
    await guarded.close();
  }
});

test("it does not listen where others reach it without a token", async () => {
  const metrics = async () => ({ contentType: "text/plain", body: "" });
  const open = startHttpApi({
    ...{
      host: "0.0.0.0",
      port: 0,
      status: () => ({}),
      node: () => undefined,
      metrics,
      callMetrics: metrics,
      feeds: {},
      answers: {},
      commands: {},
    },
  });
  await expect(open).rejects.toThrow("where others reach the HTTP API it has a token");
});

test("without a token, a page of another site gets nothing and changes nothing", async () => {
  feed.publish(["one"]);
  const follower = follow("?follower=me");
  const { revision } = (await follower.next()) as { readonly revision: string };
  const body = JSON.stringify({ revision, follower: "me" });
  const headers = { origin: "https://elsewhere.example" };
  expect((await fetch(`${base}/names/ack`, { method: "POST", body, headers })).status).toBe(403);
  expect((await fetch(`${base}/status`, { headers })).status).toBe(403);
  await expect(feed.acknowledged(20)).rejects.toThrow("from me");
  follower.close();
});
