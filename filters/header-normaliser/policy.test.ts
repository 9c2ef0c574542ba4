import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type BuiltPolicy, buildPolicy } from "../../tools/build-policy.ts";
import { costFiles } from "../../tools/cost-files.ts";
import { meshPolicy } from "../../tools/mesh-policy.ts";
import { startPolicy } from "../../tools/start-policy.ts";
import type { Header } from "../proxy-wasm-as/testing/index.ts";
import { cost } from "./cost.ts";

const policy = await buildPolicy("header-normaliser");

const ask = (headers: readonly Header[], module: BuiltPolicy = policy) =>
  startPolicy(module).request({ headers });

test("headers that only those inside may set go, in whatever spelling a server takes for them", () => {
  const { requestHeaders } = ask([
    ["X-Internal-User", "root"],
    ["x-internal-", "root"],
    ["x_internal_user", "root"],
    ["x-original-url", "/admin"],
    ["x-original_url", "/admin"],
    ["x-tenant_id", "acme"],
    ["x.internal.foo", "root"],
    ["x!internal|foo", "root"],
    ["x.tenant.id", "acme"],
    ["X.User-ID", "root"],
    ["x.internalfoo", "stays"],
    ["x.note", "stays"],
    ["x-internal", "stays"],
    ["y-x-internal-user", "stays"],
    ["some_name", "stays"],
    ["x-internal-user", "again"],
  ]);
  expect(requestHeaders.map(([name]) => name)).toEqual([
    "x.internalfoo",
    "x.note",
    "x-internal",
    "y-x-internal-user",
    "some_name",
  ]);
});

test("nothing of that comes behind the body, which some servers take for more headers", () => {
  const send = (trailers: readonly Header[]) =>
    startPolicy(policy).request({ headers: [["x-tenant-id", "acme"]], body: ["a", "b"], trailers });
  const { action, requestHeaders, requestBody, requestTrailers } = send([
    ["X-Internal-User", "root"],
    ["x_internal_user", "root"],
    ["grpc-status", "0"],
    ["x-tenant-id", "other"],
    ["x.tenant.id", "other"],
    ["x-user-id", "root"],
    ["x-note", " 1"],
    ["x-internal-user", "again"],
  ]);
  expect([action, requestBody]).toEqual(["continue", "ab"]);
  expect(requestHeaders).toEqual([["x-tenant-id", "acme"]]);
  expect(requestTrailers).toEqual([
    ["grpc-status", "0"],
    ["x-note", " 1"],
  ]);
  const many = Array.from({ length: 129 }, (_, index) => [`x-t${index}`, "1"] as const);
  expect(send(many).localReply?.status).toBe(431);
});

test("of a header that has one value the first counts, and an empty one is one", () => {
  const { requestHeaders } = ask([
    ["x-user-id", "ada"],
    ["x-note", "1"],
    ["x-user-id", "root"],
    ["x-note", "2"],
    ["x-real-ip", ""],
    ["x-real-ip", "10.0.0.1"],
  ]);
  // What is changed goes to the end, as Envoy has it; the order that counts is that of the values of one name.
  expect(requestHeaders).toEqual([
    ["x-note", "1"],
    ["x-note", "2"],
    ["x-user-id", "ada"],
    ["x-real-ip", ""],
  ]);
});

test("with `refuse`, different values are answered 400, and equal ones are one", async () => {
  const strict = await buildPolicy("header-normaliser", { refuse: true });
  const tenants = (...values: readonly string[]) =>
    ask(
      values.map((value) => ["x-tenant-id", value] as const),
      strict,
    );
  expect(tenants("acme", "other").localReply).toMatchObject({
    status: 400,
    body: "wrong x-tenant-id",
  });
  expect(tenants("acme", "").localReply?.status).toBe(400);
  expect(tenants("acme", " ACME\t", "acme").requestHeaders).toEqual([["x-tenant-id", "acme"]]);
});

test("values with commas between them are several: the first counts, or they are refused", async () => {
  const one = (name: string, ...values: readonly string[]) =>
    ask(values.map((value) => [name, value] as const)).requestHeaders.map(([, value]) => value);
  expect(one("x-user-id", "ada,root")).toEqual(["ada"]);
  expect(one("x-user-id", "ada , root", "root")).toEqual(["ada"]);
  expect(one("x-user-id", ",root")).toEqual([""]);
  expect(one("x-user-id", "ada,")).toEqual(["ada"]);
  expect(one("x-tenant-id", " ACME,b")).toEqual(["acme"]);
  expect(one("x-note", "a,b")).toEqual(["a,b"]);
  const strict = await buildPolicy("header-normaliser", { refuse: true });
  const status = (...values: readonly string[]) =>
    ask(
      values.map((value) => ["x-user-id", value] as const),
      strict,
    ).localReply?.status;
  for (const values of [["a,b"], ["a,a,b"], ["a,"], [",a"], ["a", "a,b"], ["a,".repeat(600)]])
    expect(status(...values), values.join()).toBe(400);
  for (const values of [["a,a"], ["a", "a , a"], ["a"], ["a".repeat(2000)]])
    expect(status(...values), values.join()).toBeUndefined();
});

test("only ASCII is written in small letters, and only spaces and tabs go", () => {
  const value = Uint8Array.of(32, 65, 0xa0, 0xc4, 0x85, 90, 0xa0, 9, 32);
  const { requestHeaderBytes } = ask([["x-tenant-id", value]]);
  expect([...(requestHeaderBytes[0]?.[1] ?? [])]).toEqual([97, 0xa0, 0xc4, 0x85, 122, 0xa0]);
});

test("where the request goes is not changed, and what is as it should be costs one look", () => {
  const headers = [
    [":authority", "Shop.example"],
    [":path", "/A B"],
    ["x-tenant-id", "acme"],
    ["accept", "a, b"],
  ] as const;
  const { requestHeaders, callCounts } = ask(headers);
  expect(requestHeaders).toEqual(headers);
  expect(callCounts).toEqual({ get_header_map_pairs: 1 });
});

const names = [
  "x-tenant-id",
  "x-user-id",
  "x-internal-a",
  "x_user_id",
  "x-note",
  "some_note",
  "x-rewrite-url",
];

test("any headers come out as they should, and the second time they are not touched", () => {
  const header = fc.tuple(fc.constantFrom(...names), fc.stringMatching(/^[ \tA-Zäa-c]{0,4}$/));
  fc.assert(
    fc.property(fc.array(header, { maxLength: 12 }), (headers) => {
      const found = ask(headers).requestHeaders;
      for (const name of names) {
        const values = headers
          .filter(([each]) => each === name)
          .map(([, text]) => text.replace(/^[ \t]+|[ \t]+$/g, ""));
        const kept = /internal|_user_|rewrite/.test(name)
          ? []
          : /-id$/.test(name)
            ? values.slice(0, 1)
            : values;
        const small = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
        const wanted = name === "x-tenant-id" ? kept.map(small) : kept;
        expect(found.filter(([each]) => each === name).map(([, text]) => text)).toEqual(wanted);
      }
      expect(ask(found).callCounts).toEqual({ get_header_map_pairs: 1 });
    }),
    { numRuns: 500 },
  );
});

test("lists may be empty, and without `trim` white space stays", async () => {
  const none = await buildPolicy("header-normaliser", {
    strip: " ,, ",
    single: "",
    lowercase: "",
    trim: false,
  });
  const headers = [
    ["x-internal-user", " root "],
    ["x-user-id", "a"],
    ["x-user-id", "B"],
    ["x-tenant-id", "A"],
  ] as const;
  expect(ask(headers, none).requestHeaders).toEqual(headers);
});

test("memory stays flat, whatever headers come", () => {
  const host = startPolicy(policy);
  const headers = Array.from({ length: 100 }, (_, n) => [`x-note-${n % 50}`, ` ${"v".repeat(100)}`] as const);
  const run = (times: number) => {
    for (let i = 0; i < times; i++) host.request({ headers });
    return host.memoryPages;
  };
  const before = run(20);
  expect(run(300)).toBe(before);
  expect(host.failure).toBeNull();
});

test("long values and many headers take no longer, and no more memory, than they may", () => {
  const host = startPolicy(policy);
  expect(host.request({ headers: [["x-tenant-id", "A".repeat(1025)]] }).localReply?.status).toBe(400);
  expect(host.request({ headers: [["x-tenant-id", "A".repeat(1024)]] }).localReply).toBeUndefined();
  for (const headers of [
    [["x-note", ` ${"A ".repeat(30_000)}`]],
    [["x-user-id", ` ${"A ".repeat(30_000)}`]],
    Array.from({ length: 60 }, () => ["x-tenant-id", " A".repeat(500)]),
    Array.from({ length: 128 }, (_, n) => [`x-internal-${n}`, " A "]),
    Array.from({ length: 128 }, (_, n) => [`x-note-${n}`, " A "]),
    Array.from({ length: 128 }, () => ["x-user-id", " A "]),
    [["x-user-id", ",".repeat(60_000)]],
    Array.from({ length: 60 }, () => ["x-user-id", "a,".repeat(500)]),
    Array.from({ length: 128 }, () => ["x-note", " A "]),
  ] as const) {
    host.request({ headers: headers as readonly Header[] });
    expect(host.failure, String(headers[0])).toBeNull();
  }
  expect(host.memoryPages).toBeLessThan(64);
  const many = Array.from({ length: 129 }, () => ["x-note", "a"] as const);
  expect(host.request({ headers: many }).localReply?.status).toBe(431);
});

test("in a mesh, in audit mode, headers stay as they are, and requests that it would change are counted", async () => {
  const { host, counted } = await meshPolicy("header-normaliser", "audit");
  const wrong: readonly Header[] = [
    ["x-internal-user", "root"],
    ["x-tenant-id", " ACME"],
    ["x-tenant-id", "b"],
  ];
  expect(host.exchange({ headers: wrong })).toMatchObject({
    requestHeaders: wrong,
    response: { status: 200 },
  });
  expect(host.exchange({ headers: [["x-tenant-id", "a"]] }).response?.status).toBe(200);
  expect(counted()).toBe(1);
  const enforced = await meshPolicy("header-normaliser", "enforce");
  expect(enforced.host.request({ headers: wrong }).requestHeaders).toEqual([["x-tenant-id", "acme"]]);
});

test("it costs what the README says", () => {
  for (const [path, text] of Object.entries(costFiles("header-normaliser", policy.bytes, cost)))
    expect(readFileSync(path, "utf8"), "write it anew with `npm run gen:costs`").toBe(text);
});
