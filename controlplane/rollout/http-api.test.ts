import { get } from "node:http";
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
    feeds: { names: feed },
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
  const missing = await fetch(`${base}/nothing`);
  expect([missing.status, await missing.json()]).toEqual([
    404,
    { error: "no such path; there are /status, /names, /echo, /fail" },
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
  for (const body of ["", "{", "[]", "null", '{"revision":1,"follower":"me"}', "x".repeat(100_000)]) {
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
