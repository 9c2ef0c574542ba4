import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type BuiltPolicy, buildPolicy } from "../../tools/build-policy.ts";
import { costFiles } from "../../tools/cost-files.ts";
import { meshPolicy } from "../../tools/mesh-policy.ts";
import { startPolicy } from "../../tools/start-policy.ts";
import type { Header } from "../proxy-wasm-as/testing/index.ts";
import { cost } from "./cost.ts";

const policy = await buildPolicy("redact-secrets");
const masked = await buildPolicy("redact-secrets", { mask: "redacted", allowed: "auth, user" });

const ask = (module: BuiltPolicy, headers: readonly Header[], route = "") => {
  const properties = route === "" ? {} : { "xds.route_name": route };
  const { requestHeaders, filterState } = startPolicy(module).request({ headers, properties });
  return { headers: requestHeaders, tag: filterState.get("wasm.wire.tag.redacted") };
};

test("headers that are secrets go, with all of their values, and the log says which", () => {
  const { headers, tag } = ask(policy, [
    ["Authorization", "Bearer eyJ0.secret"],
    ["x-api-key", "one"],
    ["x-api-key", "two"],
    ["accept", "*/*"],
  ]);
  expect(headers).toEqual([["accept", "*/*"]]);
  expect(tag).toBe("authorization:bearer x-api-key");
});

test("of a secret nothing comes into the log, not even its first word", () => {
  for (const [value, scheme] of [
    ["bEARER x", ":bearer"],
    ["Basic dXNlcjpwYXNz", ":basic"],
    ["bearer", ""],
    ["hunter2 and more", ""],
    ["", ""],
    ["bearer\tx", ""],
  ] as const)
    expect(ask(policy, [["authorization", value]])).toEqual({ headers: [], tag: `authorization${scheme}` });
});

test("cookies that are secrets go, in all cookie headers, and the others stay as they are", () => {
  const { headers, tag } = ask(policy, [
    ["cookie", "theme=dark; session=1;sid=2; session_id=3;  lang=\u00fc"],
    ["cookie", "sid=4"],
    ["cookie", "_oauth2_proxy_0=5; Session=6; basic=7; __Host-a=8; sid"],
  ]);
  expect(headers).toEqual([
    ["cookie", "theme=dark;  lang=\u00fc"],
    ["cookie", "basic=7"],
  ]);
  expect(tag).toBe("cookies:8");
});

test("the sessions and tokens of common servers go, in any case of letters and with any mark between words", () => {
  for (const name of [
    "JSESSIONID",
    "PHPSESSID",
    "ASP.NET_SessionId",
    "ASPSESSIONIDABC",
    ".AspNetCore.Cookies",
    "connect.sid",
    "express:sess",
    "laravel_session",
    "_shop_session",
    "Session",
    "SESSION_ID",
    "SID",
    "token",
    "jwt",
    "access_token",
    "refresh-token",
    "Authorization",
    "remember_me",
    "__host-x",
  ])
    expect(ask(policy, [["cookie", `a=1; ${name}=secret; b=2`]]), name).toEqual({
      headers: [["cookie", "a=1; b=2"]],
      tag: "cookies:1",
    });
  for (const name of [
    "theme",
    "lang",
    "basic",
    "side",
    "inside",
    "jwts",
    "tokens",
    "_ga",
    "consent",
    "obsess",
  ])
    expect(ask(policy, [["cookie", `${name}=1`]]), name).toEqual({
      headers: [["cookie", `${name}=1`]],
      tag: undefined,
    });
});

test("a header in another spelling is the same, and goes by the name that is listed", () => {
  for (const name of ["x_api_key", "X-API_Key", "x.api.key"])
    expect(
      ask(policy, [
        [name, "1"],
        ["x-api-key", "2"],
        ["x-apikey", "3"],
      ]),
      name,
    ).toEqual({ headers: [["x-apikey", "3"]], tag: "x-api-key" });
});

test("a name of any characters is one that no header has, or has in these bytes", async () => {
  const module = await buildPolicy("redact-secrets", {
    headers: "x-\u65e5, authorization",
    cookies: "\u65e5*",
  });
  const host = startPolicy(module);
  const { requestHeaders, filterState } = host.request({
    headers: [
      ["authorization", "Bearer x"],
      ["cookie", "a=1; \u65e5\u672c=2"],
    ],
  });
  expect(host.failure).toBeNull();
  expect(requestHeaders).toEqual([["cookie", "a=1"]]);
  expect(filterState.get("wasm.wire.tag.redacted")).toBe("authorization:bearer cookies:1");
});

test("where a request goes is no secret", async () => {
  const module = await buildPolicy("redact-secrets", { headers: ":path, -authority, x-key" });
  const sent: readonly Header[] = [
    [":path", "/a"],
    [":authority", "shop"],
  ];
  expect(ask(module, [...sent, ["x-key", "1"]])).toEqual({ headers: sent, tag: "x-key" });
});

test("white space is no way around", () => {
  for (const value of ["\tsid=1", "sid =1", "sid\t= 1", ";;sid=1;", " ; sid=1", "sid=a=b"])
    expect(ask(policy, [["cookie", value]]).headers, JSON.stringify(value)).toEqual([]);
});

test("what has no secrets is not touched, byte for byte", () => {
  const value = fc.stringMatching(
    /^[a-r]{0,5}(=[\x20-\x3a\x3c-\x7e]{0,5})?(;[ ]{0,2}[a-r]{1,5}=[a-z"]{0,4}){0,4}$/,
  );
  fc.assert(
    fc.property(fc.array(value, { maxLength: 3 }), (values) => {
      fc.pre(!values.some((text) => /(^|;)\s*auth/.test(text)));
      const headers = values.map((text) => ["cookie", text] as const);
      const host = startPolicy(policy);
      const result = host.request({ headers });
      expect(result.requestHeaders).toEqual(headers);
      expect(result.callCounts["remove_header_map_value"]).toBeUndefined();
      expect(result.filterState.size).toBe(0);
    }),
  );
});

test("a mask says that there was one, and a service that is allowed gets what there is", () => {
  const headers = [
    ["authorization", "Bearer x"],
    ["cookie", "a=1; sid=2; sid=3"],
  ] as const;
  for (const route of ["", "rate", "user@", "USER", "auth2"]) {
    const wanted =
      route === "user@"
        ? headers
        : [
            ["authorization", "redacted"],
            ["cookie", "a=1; sid=redacted; sid=redacted"],
          ];
    expect(ask(masked, headers, route).headers, route).toEqual(wanted);
  }
  for (const route of ["auth", "user", "user@v2"])
    expect(ask(masked, headers, route).headers).toEqual(headers);
});

test("with empty lists it does nothing", async () => {
  const none = await buildPolicy("redact-secrets", { headers: " , ", cookies: "" });
  const headers = [
    ["authorization", "Bearer x"],
    ["cookie", "sid=1"],
  ] as const;
  expect(ask(none, headers)).toEqual({ headers, tag: undefined });
});

test("memory stays flat", () => {
  const host = startPolicy(policy);
  const run = (times: number) => {
    for (let i = 0; i < times; i++) host.request({ headers: [["cookie", "a=b; sid=1; ".repeat(30)]] });
    return host.memoryPages;
  };
  const before = run(100);
  expect(run(3000)).toBe(before);
});

test("as many cookies as fit are looked at, and more than 200 or 8 KiB go altogether", () => {
  const host = startPolicy(masked);
  const send = (value: string, times = 1) =>
    host.request({ headers: Array.from({ length: times }, () => ["cookie", value] as const) });
  for (const part of ["a;", "sid;", "sid=1;", ";", "a", "session=1; "]) {
    send(part.repeat(Math.floor(8192 / part.length)));
    send(part.repeat(199));
    expect(host.failure, part).toBeNull();
    const { requestHeaders, filterState } = send(part.repeat(Math.floor(10_000 / part.length)), 6);
    expect(requestHeaders).toEqual([]);
    expect(filterState.get("wasm.wire.tag.redacted")).toBe("cookies:all");
  }
  expect(host.failure).toBeNull();
  const many = (count: number) =>
    ask(policy, [["cookie", Array.from({ length: count }, () => "a=1").join(";")]]);
  expect(many(200).tag).toBeUndefined();
  expect(many(201)).toEqual({ headers: [], tag: "cookies:all" });
  const wide = Array.from({ length: 100 }, (_, n) => [`x-${n}`, "v"] as const);
  host.request({ headers: [...wide, ["cookie", `${"s".repeat(8100)}=1`]] });
  expect(host.failure).toBeNull();
  expect(host.memoryPages).toBeLessThan(64);
});

test("in a mesh, in audit mode, secrets go on, and requests that have some are counted", async () => {
  const { host, counted } = await meshPolicy("redact-secrets", "audit");
  const headers: readonly Header[] = [
    ["authorization", "Bearer x"],
    ["cookie", "a=1; sid=2"],
  ];
  const result = host.exchange({ headers });
  expect(result).toMatchObject({ requestHeaders: headers, response: { status: 200 } });
  expect(result.filterState.size).toBe(0);
  host.exchange({ headers: [["cookie", "a=1"]] });
  expect(counted()).toBe(1);
  const enforced = await meshPolicy("redact-secrets", "enforce");
  expect(enforced.host.request({ headers }).requestHeaders).toEqual([["cookie", "a=1"]]);
});

test("it costs what the README says", () => {
  for (const [path, text] of Object.entries(costFiles("redact-secrets", policy.bytes, cost)))
    expect(readFileSync(path, "utf8"), "write it anew with `npm run gen:costs`").toBe(text);
});
