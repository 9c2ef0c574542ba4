import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildPolicy } from "../../tools/build-policy.ts";
import { costFiles } from "../../tools/cost-files.ts";
import { meshPolicy } from "../../tools/mesh-policy.ts";
import { startPolicy } from "../../tools/start-policy.ts";
import type { Header, Host } from "../proxy-wasm-as/testing/index.ts";
import { cost } from "./cost.ts";

const policy = await buildPolicy("cache-headers");
const forever = "public, max-age=31536000, immutable";

interface Asked {
  readonly method?: string;
  readonly request?: readonly Header[];
  readonly status?: number;
  readonly response?: readonly Header[];
}

/** All values of `cache-control` in the answer to such a request. */
function said(
  host: Host,
  path: string,
  { method = "GET", request = [], status = 200, response = [] }: Asked = {},
): readonly string[] {
  const { response: received } = host.exchange({
    headers: [[":method", method], [":path", path], ...request],
    response: { status, headers: response },
  });
  return (received?.headers ?? []).filter(([name]) => name === "cache-control").map(([, value]) => value);
}

const type = (value: string): Asked => ({ response: [["content-type", value]] });

test("the first rule that fits path, type and status counts", () => {
  const host = startPolicy(policy);
  expect(said(host, "/static/app.js")).toEqual([forever]);
  expect(said(host, "/static/app.js?v=2", { method: "HEAD" })).toEqual([forever]);
  expect(said(host, "/static/app.js", { status: 404 })).toEqual([]);
  expect(said(host, "/static/app.js", { status: 503 })).toEqual(["no-store"]);
  expect(said(host, "/a", type("Image/PNG"))).toEqual(["public, max-age=3600"]);
  expect(said(host, "/a", type("text/html; charset=utf-8"))).toEqual(["no-cache"]);
  expect(said(host, "/a", type("text/html5"))).toEqual([]);
  expect(said(host, "/a")).toEqual([]);
  expect(said(host, "/x/static/a")).toEqual([]);
});

test("what the service says itself counts, an empty value too, but where rules are to override it", async () => {
  const own = (value: string): Asked => ({ response: [["cache-control", value]] });
  const host = startPolicy(policy);
  expect(said(host, "/static/a", own("private"))).toEqual(["private"]);
  expect(said(host, "/static/a", own(""))).toEqual([""]);
  const other = startPolicy(await buildPolicy("cache-headers", { replace: true }));
  expect(said(other, "/static/a", own("private"))).toEqual([forever]);
  expect(said(other, "/a", own("private"))).toEqual(["private"]);
});

test("answers for one client are left alone, or get what is said for them", async () => {
  const authorized: Asked = { request: [["authorization", ""]] };
  const cookies: Asked = { response: [["set-cookie", "a=1"]] };
  const host = startPolicy(policy);
  const personal = startPolicy(await buildPolicy("cache-headers", { personal: "private, no-store" }));
  const told = startPolicy(await buildPolicy("cache-headers", { authorized: true, cookies: true }));
  for (const asked of [authorized, cookies, { ...authorized, ...cookies }]) {
    expect(said(host, "/static/a", asked)).toEqual([]);
    expect(said(personal, "/static/a", asked)).toEqual(["private, no-store"]);
    expect(said(told, "/static/a", asked)).toEqual([forever]);
  }
  const half = startPolicy(await buildPolicy("cache-headers", { authorized: true }));
  expect(said(half, "/static/a", { ...authorized, ...cookies })).toEqual([]);
});

test("where cookies or credentials make the answer, no cache that is shared may keep it", async () => {
  const cookie: Asked = { request: [["cookie", "theme=dark"]] };
  const vary = (value: string): Asked => ({ response: [["vary", value]] });
  const host = startPolicy(policy);
  const mine = "private, max-age=31536000, immutable";
  const many =
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Accept-Encoding, X-Requested-With, Accept-Language, Cookie";
  const long = `${"a,".repeat(20_000)}${" ".repeat(20_000)},\tcookie\t`;
  for (const asked of [
    ...[cookie, vary("Cookie"), vary("accept, COOKIE"), vary("Authorization"), vary("*")],
    ...[vary(many), vary(long)],
  ])
    expect(said(host, "/static/a", asked)).toEqual([mine]);
  expect(
    said(host, "/static/a", {
      response: [
        ["vary", "accept"],
        ["vary", "cookie"],
      ],
    }),
  ).toEqual([mine]);
  expect(said(host, "/static/a", vary("accept-encoding, x-cookie"))).toEqual([forever]);
  expect(said(host, "/static/a", { ...cookie, status: 500 })).toEqual(["no-store"]);
  expect(said(host, "/a", { ...cookie, ...type("text/html") })).toEqual(["private, no-cache"]);
  const told = startPolicy(await buildPolicy("cache-headers", { cookies: true }));
  for (const asked of [cookie, vary("cookie")]) expect(said(told, "/static/a", asked)).toEqual([forever]);
  expect(said(told, "/static/a", vary("authorization"))).toEqual([mine]);
  expect(said(told, "/static/a", vary("cookie, *"))).toEqual([mine]);
  const all = startPolicy(await buildPolicy("cache-headers", { authorized: true }));
  expect(said(all, "/static/a", vary("authorization"))).toEqual([forever]);
  const rules =
    "/a * * = Public, S-MaxAge=5, max-age=1 ,proxy-revalidate; /b * * = max-age=1; /c * * = private=x-a, max-age=1; /d * * = public";
  const other = startPolicy(await buildPolicy("cache-headers", { rules }));
  for (const [path, value] of [
    ["/a", "private, max-age=1"],
    ["/b", "private, max-age=1"],
    ["/c", "private, max-age=1"],
    ["/d", "private"],
  ] as const)
    expect(said(other, path, cookie), path).toEqual([value]);
});

test("a service that says by `expires` until when has said it", async () => {
  const asked: Asked = { response: [["expires", "0"]] };
  expect(said(startPolicy(policy), "/static/a", asked)).toEqual([]);
  const other = startPolicy(await buildPolicy("cache-headers", { replace: true }));
  expect(said(other, "/static/a", asked)).toEqual([forever]);
});

test("only what is read is kept, and only by a path that means one thing", () => {
  const host = startPolicy(policy);
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "get"])
    expect(said(host, "/static/a", { method })).toEqual([]);
  for (const path of [
    "/static/../account",
    "/static/%2e%2E/account",
    "/static/%2e./account",
    "/static/..%2faccount",
    "/static/%252e%252e/account",
    "/static//a",
    "/static/a\\b",
    "/static/%5Cb",
    "/static/a;b",
    "/static/a%3bb",
  ])
    expect(said(host, path), path).toEqual([]);
  expect(said(host, "/static/a%20b.js")).toEqual([forever]);
  expect(said(host, "/static/a.min.js?x=../")).toEqual([forever]);
});

test("rules are for any path, type and status, and one that is wrong fits nothing", async () => {
  const rules =
    "nonsense; * = no; /a b c d = no;; /exact * 404 = max-age=1; *.css text/css 2xx = max-age=2 ; /ü* * * = max-age=3; * * 20x = no; * * = no; * * 3xx=";
  const host = startPolicy(await buildPolicy("cache-headers", { rules }));
  expect(said(host, "/exact", { status: 404 })).toEqual(["max-age=1"]);
  expect(said(host, "/exact", { status: 200 })).toEqual([]);
  expect(said(host, "/exact/", { status: 404 })).toEqual([]);
  expect(said(host, "/x/y.css", { ...type("text/css"), status: 206 })).toEqual(["max-age=2"]);
  expect(said(host, "/x/y.css", type("text/plain"))).toEqual([]);
  expect(said(host, "/üa", { status: 500 })).toEqual(["max-age=3"]);
  expect(said(host, "/", { status: 301 })).toEqual([]);
  const many = `${"/x * * = no;".repeat(64)}* * * = max-age=1`;
  expect(said(startPolicy(await buildPolicy("cache-headers", { rules: many })), "/")).toEqual([]);
});

test("memory stays flat over 20,000 requests, of which half never get an answer", () => {
  const host = startPolicy(policy);
  const headers: readonly Header[] = [[":path", "/static/a"]];
  const run = (times: number) => {
    for (let i = 0; i < times; i++) {
      host.request({ headers });
      host.exchange({ headers, response: { headers: [["content-type", "image/png"]] } });
    }
    return host.memoryPages;
  };
  const before = run(1000);
  expect(run(9000)).toBe(before);
});

test("in a mesh, in audit mode, answers stay as they are, and those that it would change are counted", async () => {
  const { host, counted } = await meshPolicy("cache-headers", "audit");
  expect(said(host, "/static/app.js")).toEqual([]);
  expect(said(host, "/static/app.js", { response: [["cache-control", "no-cache"]] })).toEqual(["no-cache"]);
  expect(counted()).toBe(1);
  expect(said((await meshPolicy("cache-headers", "enforce")).host, "/static/app.js")).toEqual([forever]);
});

test("it costs what the README says", () => {
  for (const [path, text] of Object.entries(costFiles("cache-headers", policy.bytes, cost)))
    expect(readFileSync(path, "utf8"), "write it anew with `npm run gen:costs`").toBe(text);
});
