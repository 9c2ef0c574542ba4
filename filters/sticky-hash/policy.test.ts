import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildPolicy } from "../../tools/build-policy.ts";
import { costFiles } from "../../tools/cost-files.ts";
import { meshPolicy } from "../../tools/mesh-policy.ts";
import { startPolicy } from "../../tools/start-policy.ts";
import { createHost, type Host } from "../proxy-wasm-as/testing/index.ts";
import { cost } from "./cost.ts";

const policy = await buildPolicy("sticky-hash");

function ask(host: Host, ...cookies: readonly string[]) {
  const { requestHeaders, response } = host.exchange({
    headers: cookies.map((cookie) => ["cookie", cookie] as const),
    response: { headers: [["set-cookie", "own=1"]] },
  });
  const key = requestHeaders.filter(([name]) => name === "x-wire-hash").map(([, value]) => value);
  const set = (response?.headers ?? []).filter(([name]) => name === "set-cookie").map(([, value]) => value);
  return { key, set };
}

test("a client without a key gets one, and comes back with it", () => {
  const host = startPolicy(policy);
  const first = ask(host);
  expect(first.key).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
  expect(first.set).toEqual(["own=1", `wire-sticky=${first.key[0]}; Path=/; Secure; HttpOnly; SameSite=Lax`]);
  const again = ask(host, `theme=dark; wire-sticky=${first.key[0]}`);
  expect(again).toEqual({ key: first.key, set: ["own=1"] });
  expect(ask(host).key).not.toEqual(first.key);
});

test("it is found in any header and any place, and is no part of another name", () => {
  const host = startPolicy(policy);
  expect(ask(host, "a=1", "b=2;wire-sticky=k-1_Z; c=3").key).toEqual(["k-1_Z"]);
  for (const cookie of ["x-wire-sticky=abc", "wire-sticky2=abc", "wire-sticky", "Wire-Sticky=abc"])
    expect(ask(host, cookie).set).toHaveLength(2);
});

test("what is no key is none, and the first one that is one counts", () => {
  const host = startPolicy(policy);
  for (const value of ["", "a b", 'a"', "é", "x".repeat(65), "a,b"]) {
    const { key, set } = ask(host, `wire-sticky=${value}`);
    expect(key).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
    expect(set).toHaveLength(2);
  }
  expect(ask(host, "wire-sticky=; wire-sticky=one; wire-sticky=two").key).toEqual(["one"]);
  expect(ask(host, `wire-sticky=${"x".repeat(64)}`).key).toEqual(["x".repeat(64)]);
});

test("a key that a client made up for the balancer is replaced", () => {
  const { requestHeaders } = startPolicy(policy).exchange({
    headers: [
      ["x-wire-hash", "mine"],
      ["cookie", "wire-sticky=abc"],
    ],
  });
  expect(requestHeaders.filter(([name]) => name === "x-wire-hash")).toEqual([["x-wire-hash", "abc"]]);
});

test("the cookie is as the parameters say", async () => {
  const other = await buildPolicy("sticky-hash", {
    cookie: "srv",
    maxAge: 3600,
    path: "/app",
    secure: false,
  });
  expect(ask(startPolicy(other)).set[1]).toMatch(
    /^srv=[0-9a-f]{32}; Path=\/app; Max-Age=3600; HttpOnly; SameSite=Lax$/,
  );
});

test("a name and a path of any characters are written in UTF-8", async () => {
  const host = startPolicy(await buildPolicy("sticky-hash", { cookie: "k\u00fc", path: "/\u65e5" }));
  const { key, set } = ask(host);
  expect(set[1]).toBe(`k\u00fc=${key[0]}; Path=/\u65e5; Secure; HttpOnly; SameSite=Lax`);
  expect(ask(host, `k\u00fc=${key[0]}`)).toEqual({ key, set: ["own=1"] });
});

test("a name or a path that no browser would keep is said once, and the default stands in its place", async () => {
  for (const [values, expected, said] of [
    [{ cookie: "a b" }, "wire-sticky=KEY; Path=/", "`a b` cannot be the name of a cookie"],
    [{ cookie: "a;b" }, "wire-sticky=KEY; Path=/", "`a;b` cannot be"],
    [{ cookie: "a=b" }, "wire-sticky=KEY; Path=/", "`a=b` cannot be"],
    [{ cookie: "" }, "wire-sticky=KEY; Path=/", "`` cannot be the name of a cookie"],
    [{ path: "/a; Domain=b.c" }, "wire-sticky=KEY; Path=/", "cannot be the path of a cookie"],
    [{ path: "app" }, "wire-sticky=KEY; Path=/", "`app` cannot be the path of a cookie"],
    [{ path: "/a\nb" }, "wire-sticky=KEY; Path=/", "cannot be the path of a cookie"],
    [{ cookie: "__Host-a.b~!", path: "/a b=c" }, "__Host-a.b~!=KEY; Path=/a b=c", undefined],
  ] as const) {
    const lines: string[] = [];
    const { bytes, configuration } = await buildPolicy("sticky-hash", values);
    const host = createHost(bytes, { configuration, onLog: ({ message }) => lines.push(message) });
    const { key, set } = ask(host);
    expect(set[1]).toBe(`${expected.replace("KEY", key[0] ?? "")}; Secure; HttpOnly; SameSite=Lax`);
    expect(ask(host, set[1]?.split(";", 1)[0] ?? "")).toEqual({ key, set: ["own=1"] });
    expect(lines).toEqual(said === undefined ? [] : [expect.stringContaining(said)]);
  }
});

test("memory stays flat over 50,000 clients, of whom many leave before their answer", () => {
  const host = startPolicy(policy);
  const run = (times: number) => {
    for (let i = 0; i < times; i++) host.request({});
    return host.memoryPages;
  };
  const before = run(1000);
  expect(run(50_000)).toBe(before);
});

test("in a mesh, in audit mode, nobody is steered or gets a cookie, and it is counted once a request", async () => {
  const { host, counted } = await meshPolicy("sticky-hash", "audit");
  expect(ask(host)).toEqual({ key: [], set: ["own=1"] });
  expect(ask(host, "wire-sticky=abc")).toEqual({ key: [], set: ["own=1"] });
  expect(counted()).toBe(2);
  expect(ask((await meshPolicy("sticky-hash", "enforce")).host, "wire-sticky=abc").key).toEqual(["abc"]);
});

test("it costs what the README says", () => {
  for (const [path, text] of Object.entries(costFiles("sticky-hash", policy.bytes, cost)))
    expect(readFileSync(path, "utf8"), "write it anew with `npm run gen:costs`").toBe(text);
});

test("no cookies of any length take it over its budget", async () => {
  const host = startPolicy(await buildPolicy("sticky-hash", {}));
  for (const [length, piece] of [8192, 60_000].flatMap((size) =>
    [";", "a=b; ", "="].map((each) => [size, each] as const),
  )) {
    host.request({ headers: [["cookie", piece.repeat(length / piece.length)]] });
    host.request({ headers: new Array(8).fill(["cookie", piece.repeat(length / piece.length / 8)]) });
  }
  expect(host.failure).toBeNull();
});
