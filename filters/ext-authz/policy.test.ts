import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type BuiltPolicy, buildPolicy } from "../../tools/build-policy.ts";
import { costFiles } from "../../tools/cost-files.ts";
import { meshPolicy } from "../../tools/mesh-policy.ts";
import { startPolicy } from "../../tools/start-policy.ts";
import type { FetchAnswer, Header, Host } from "../proxy-wasm-as/testing/index.ts";
import { cost } from "./cost.ts";

const policy = await buildPolicy("ext-authz");
const open = await buildPolicy("ext-authz", { failOpen: true });
const properties = { "source.address": "10.0.0.1:4242" };
const asked: readonly Header[] = [
  [":method", "POST"],
  [":path", "/a?b=c"],
  [":authority", "shop"],
];

function hostThat(answers: FetchAnswer | "fail" | undefined, module: BuiltPolicy = policy): Host {
  const host = startPolicy(module);
  host.onFetch("ext-authz", () => answers);
  return host;
}

function ask(host: Host, ...headers: readonly Header[]) {
  return host.request({ headers: [...asked, ...headers], properties });
}

test("the service is told what is asked, by whom, and the chosen headers with all of their values", () => {
  const host = hostThat(undefined);
  ask(host, ["cookie", "a=1"], ["cookie", "b=2"], ["authorization", "Bearer x"], ["x-other", "no"]);
  expect(host.fetches.map(({ headers, timeoutMs, body }) => ({ headers, timeoutMs, body }))).toEqual([
    {
      headers: [
        [":method", "GET"],
        [":path", "/check"],
        [":authority", "ext-authz"],
        ["x-forwarded-method", "POST"],
        ["x-forwarded-uri", "/a?b=c"],
        ["x-forwarded-host", "shop"],
        ["x-forwarded-for", "10.0.0.1"],
        ["authorization", "Bearer x"],
        ["cookie", "a=1"],
        ["cookie", "b=2"],
      ],
      timeoutMs: 500,
      body: "",
    },
  ]);
});

test("it waits for the answer, then goes on with what the service says of the user, and nobody else", () => {
  const host = hostThat(undefined);
  const stream = host.open({
    headers: [...asked, ["x-auth-user", "root"], ["X-Auth-Roles", "admin"], ["x-auth-roles", "more"]],
    body: ["in", "pieces"],
    properties,
  });
  expect(stream.result().action).toBe("stop");
  host.fetches[0]?.answer({
    headers: [
      ["x-auth-user", "ann"],
      ["x-auth-roles", "a"],
      ["x-auth-roles", "b"],
      ["x-not-chosen", "1"],
    ],
  });
  const { action, requestHeaders, requestBody } = stream.result();
  expect(action).toBe("continue");
  expect(requestBody).toBe("inpieces");
  expect(requestHeaders.slice(3)).toEqual([
    ["x-auth-user", "ann"],
    ["x-auth-roles", "a"],
    ["x-auth-roles", "b"],
  ]);
  stream.respond({ body: "fine" });
  expect(stream.result().response).toMatchObject({ status: 200, body: "fine" });
  stream.end();
});

test("a body waits with the headers, also where Envoy is told that bodies come while these are held", () => {
  const host = startPolicy(policy, { allowOnHeadersStopIteration: true });
  host.onFetch("ext-authz");
  const stream = host.open({ headers: asked, body: ["a", "b"], properties });
  expect(stream.result()).toMatchObject({ action: "stop", requestBody: "" });
  host.fetches[0]?.answer({ status: 403 });
  expect(stream.result()).toMatchObject({ localReply: { status: 403 }, requestBody: "" });
});

test("what the client says of itself is taken away also when the service says nothing, and when it fails open", () => {
  const spoofed = [["x-auth-user", "root"]] as const;
  for (const host of [hostThat({}), hostThat("fail", open), startPolicy(open)]) {
    const { action, requestHeaders } = ask(host, ...spoofed);
    expect(action).toBe("continue");
    expect(requestHeaders).toEqual(asked);
  }
});

test("nor may a client say behind the body what the service says", () => {
  const trailers: readonly Header[] = [
    ["x-auth-user", "root"],
    ["X_Auth_Roles", "admin"],
    ["grpc-status", "0"],
  ];
  for (const module of [policy, open])
    for (const answer of [{ headers: [["x-auth-user", "ada"]] as const }, "fail"] as const) {
      const { localReply, requestHeaders, requestBody, requestTrailers } = hostThat(answer, module).request({
        headers: asked,
        body: ["a", "b"],
        trailers,
        properties,
      });
      if (module === policy && answer === "fail") {
        expect(localReply?.status).toBe(503);
        continue;
      }
      expect([requestBody, requestTrailers]).toEqual(["ab", [["grpc-status", "0"]]]);
      expect(requestHeaders.filter(([name]) => name.startsWith("x-auth"))).toEqual(
        answer === "fail" ? [] : [["x-auth-user", "ada"]],
      );
    }
});

test("another spelling of what the service says is no way around it", () => {
  for (const name of ["x_auth_user", "X_Auth-User", "x-auth_user", "x.auth.user", "x!auth|roles"]) {
    const stays = [["x-authuser", "1"] as const, ["x-auth-user-name", "1"] as const];
    for (const host of [hostThat({}), hostThat("fail", open)]) {
      const { requestHeaders } = ask(host, [name, "root"], ...stays, [name, "admin"]);
      expect(requestHeaders, name).toEqual([...asked, ...stays]);
    }
  }
});

test("a denial is the service's: status, body and chosen headers", () => {
  const headers: readonly Header[] = [
    ["content-type", "application/json"],
    ["www-authenticate", "Basic"],
    ["www-authenticate", "Bearer"],
    ["x-internal", "1"],
  ];
  const { action, localReply } = ask(hostThat({ status: 401, headers, body: '{"why":"é"}' }));
  expect(action).toBe("stop");
  expect(localReply).toMatchObject({ status: 401, body: '{"why":"é"}', headers: headers.slice(0, 3) });
  for (const status of [302, 403, 404, 429])
    expect(ask(hostThat({ status }, open)).localReply).toMatchObject({ status, body: "" });
  const long = ask(hostThat({ status: 403, body: "x".repeat(100_000) }));
  expect(long.localReply?.body).toHaveLength(65536);
});

test("no answer, a wrong one and no cluster: 503, or let through where it is said", () => {
  for (const answer of ["fail", { status: 500 }, { status: 503 }, { status: 101 }] as const) {
    expect(ask(hostThat(answer)).localReply).toMatchObject({
      status: 503,
      body: "authorisation is not available\n",
    });
    expect(ask(hostThat(answer, open)).action).toBe("continue");
  }
  expect(ask(startPolicy(policy)).localReply).toMatchObject({ status: 503 });
});

test("one that takes too long is none", () => {
  const closes = hostThat(undefined);
  const stream = closes.open({ headers: asked, properties });
  closes.advance(499_000_000n);
  expect(stream.result().localReply).toBeUndefined();
  closes.advance(1_000_000n);
  expect(stream.result().localReply).toMatchObject({ status: 503 });
  const opens = hostThat(undefined, open);
  const other = opens.open({ headers: asked, properties });
  opens.advance(500_000_000n);
  expect(other.result().action).toBe("continue");
});

test("lists of headers do not say where the service is asked, nor what its answer is", async () => {
  const module = await buildPolicy("ext-authz", {
    forward: ":path, :authority, cookie",
    copy: ":path, :status, x-auth-user",
    denial: ":status, location",
  });
  const host = hostThat({ headers: [["x-auth-user", "ann"]] }, module);
  expect(ask(host, ["cookie", "a=1"]).requestHeaders).toEqual([
    ...asked,
    ["cookie", "a=1"],
    ["x-auth-user", "ann"],
  ]);
  const waits = hostThat(undefined, module);
  ask(waits, ["cookie", "a=1"]);
  expect(waits.fetches[0]?.headers.filter(([name]) => /^(:|cookie)/.test(name))).toEqual([
    [":method", "GET"],
    [":path", "/check"],
    [":authority", "ext-authz"],
    ["cookie", "a=1"],
  ]);
  const denied = ask(hostThat({ status: 302, headers: [["location", "/login"]] }, module));
  expect(denied.localReply).toMatchObject({ status: 302, headers: [["location", "/login"]] });
});

test("nor how long a message is and what becomes of its connection", async () => {
  const names = "host, Content-Length, content_length, transfer-encoding, connection, te, upgrade, expect";
  const module = await buildPolicy("ext-authz", {
    forward: `${names}, cookie`,
    copy: `${names}, x-auth-user`,
    denial: `${names}, location`,
  });
  const framing: readonly Header[] = [
    ["content-length", "5"],
    ["te", "trailers"],
    ["expect", "100-continue"],
  ];
  const answered = hostThat(
    {
      headers: [
        ["content-length", "9"],
        ["x-auth-user", "ann"],
      ],
    },
    module,
  );
  expect(ask(answered, ...framing).requestHeaders).toEqual([...asked, ...framing, ["x-auth-user", "ann"]]);
  const waits = hostThat(undefined, module);
  ask(waits, ...framing, ["cookie", "a=1"]);
  const said = waits.fetches[0]?.headers.map(([name]) => name);
  expect(said?.filter((name) => !/^(:|x-forwarded-)/.test(name))).toEqual(["cookie"]);
  const denied = hostThat({ status: 403, headers: [["content-length", "9"]] }, module);
  expect(ask(denied).localReply).toMatchObject({ status: 403, headers: [] });
});

test("a time that is none is the shortest: nobody gets by because the service cannot be asked", async () => {
  for (const timeout of [-1, 0]) {
    const host = hostThat(undefined, await buildPolicy("ext-authz", { timeout, failOpen: true }));
    const stream = host.open({ headers: asked, properties });
    expect(host.fetches[0]?.timeoutMs, String(timeout)).toBe(1);
    host.fetches[0]?.answer({ status: 403 });
    expect(stream.result().localReply?.status).toBe(403);
  }
});

test("a client that asks with more than can be handed on does not get through by it", () => {
  const many = Array.from({ length: 120 }, (_, i) => ["cookie", `c${i}=1`] as const);
  for (const module of [policy, open]) {
    const host = hostThat({}, module);
    expect(ask(host, ...many).localReply).toMatchObject({ status: 431 });
    expect(ask(host, ["authorization", "x".repeat(61_000)]).localReply).toMatchObject({ status: 431 });
    expect(host.fetches).toEqual([]);
  }
});

test("a client that has gone meanwhile is nobody's any more, and memory stays flat", () => {
  const host = hostThat(undefined);
  const run = (times: number) => {
    for (let i = 0; i < times; i++) {
      const stream = host.open({ headers: asked, properties });
      const [fetch] = host.fetches;
      stream.end();
      fetch?.answer({ headers: [["x-auth-user", "ann"]] });
    }
    return host.memoryPages;
  };
  const before = run(1000);
  expect(run(20_000)).toBe(before);
  expect(host.failure).toBeNull();
  host.onFetch("ext-authz", () => ({}));
  expect(ask(host).action).toBe("continue");
});

test("in a mesh, in audit mode, requests do not wait for the answer, and what it would do is counted", async () => {
  const { host, counted } = await meshPolicy("ext-authz", "audit");
  host.onFetch("ext-authz");
  const spoofed: readonly Header[] = [...asked, ["x-auth-user", "root"]];
  for (const [answer, more] of [
    [{ status: 403 }, 1],
    [{ headers: [["x-auth-user", "ann"]] }, 1],
    [{}, 0],
    ["fail", 1],
  ] as const) {
    const before = counted();
    const stream = host.open({ headers: more === 0 ? asked : spoofed, properties, body: ["a", "b"] });
    expect(stream.result()).toMatchObject({
      action: "continue",
      requestHeaders: more === 0 ? asked : spoofed,
      requestBody: "ab",
    });
    const [fetch] = host.fetches;
    if (answer === "fail") fetch?.fail();
    else fetch?.answer(answer);
    stream.respond({ body: "fine" });
    expect(stream.result()).toMatchObject({ response: { status: 200, body: "fine" } });
    stream.end();
    expect(counted()).toBe(before + more);
  }
  // Answers that come when the stream has ended are counted as well.
  for (const [answer, more] of [
    [{ status: 403 }, 1],
    [{ headers: [["x-auth-user", "ann"]] }, 1],
    [{}, 0],
    ["fail", 1],
  ] as const) {
    const before = counted();
    const stream = host.open({ headers: asked, properties });
    stream.respond({ body: "fine" });
    stream.end();
    expect(counted()).toBe(before);
    const [fetch] = host.fetches;
    if (answer === "fail") fetch?.fail();
    else fetch?.answer(answer);
    expect(counted()).toBe(before + more);
  }
  expect(host.failure).toBeNull();
  // Of no cluster of the name, or no answer at all, nothing waits either.
  const without = await meshPolicy("ext-authz", "audit");
  expect(without.host.exchange({ headers: asked, properties }).response?.status).toBe(200);
  expect(without.counted()).toBe(1);
});

test("it costs what the README says", () => {
  for (const [path, text] of Object.entries(costFiles("ext-authz", policy.bytes, cost)))
    expect(readFileSync(path, "utf8"), "write it anew with `npm run gen:costs`").toBe(text);
});
