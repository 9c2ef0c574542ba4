import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { buildPolicy } from "../../tools/build-policy.ts";
import { costFiles } from "../../tools/cost-files.ts";
import { meshPolicy } from "../../tools/mesh-policy.ts";
import { createHost, type Header, type Host } from "../proxy-wasm-as/testing/index.ts";
import { cost } from "./cost.ts";

const bytes = await buildPolicy("waf");

const get = (host: Host, path: string, ...headers: readonly Header[]) =>
  host.request({ headers: [[":path", path], ...headers] });
const post = (host: Host, body: string | Uint8Array | readonly string[], ...headers: readonly Header[]) =>
  host.request({ headers: [[":path", "/"], ...headers], body });

/** Attacks as they are sent, in the query. */
const attacks = [
  "1 union select password from users",
  "1 UNION ALL SELECT 1,2",
  "1 union(select a)from b",
  "1/**/union/**/select/**/1",
  "1/*!50000union*//*!50000select*/1",
  "1\tunion\nselect 1",
  "' or '1'='1",
  "' OR 'a' = 'a",
  "1 or 1=1",
  "1;drop table users",
  "1; DELETE FROM users",
  "1 and sleep(5)",
  "pg_sleep (1)",
  "1 waitfor delay '0:0:5'",
  "../../etc/passwd",
  "..\\..\\boot",
  "/etc/shadow",
  "a\0.png",
  "<script>alert(1)</script>",
  "<ScRiPt src=//x>",
  '<img src=x onerror="alert(1)">',
  "<svg/onload=alert(1)>",
  "<?php system('id')",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what is sent
  "${jndi:ldap://x/a}",
  "() { :; }; ls",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what is sent
  "${${lower:j}ndi:ldap://x/a}",
  "http://169.254.169.254/latest/meta-data/",
  "php://filter/convert.base64-encode/resource=index",
  "/etc//passwd",
  "/etc/./passwd",
  "/etc/x/../passwd",
  "/proc/./self//environ",
];

/** Paths that mean one thing to who routes and another to who opens a file. */
const paths = [
  "/a/../b",
  "/a/%2e%2e/b",
  "/a/%252e%252e/b",
  "/a/%25252e%25252e/b",
  "/a/%2E./b",
  "/a/..%2fb",
  "/a/..%252fb",
  "/a/%c0%ae%c0%ae/b",
  "/a/%c0%ae%c0%ae%c0%afb",
  "/a/%e0%80%ae%e0%80%ae/b",
  "/a/%f0%80%80%ae%f0%80%80%ae/b",
  "/a/%25c0%25ae%25c0%25ae/b",
  "/a/..%c1%9cb",
  "/a/%u002e%u002e/b",
  "/a/%uff0e%uff0e%uff0fb",
  "/a/%ef%bc%8e%ef%bc%8e/b",
  "/a/..%5cb",
  "/a\\..\\b",
  "/a/..;/b",
  "/a/..;x=1/b",
  "/a/..;",
  "/a/..",
  "/a/..?b",
  "/a%00.png",
  "/.git/config",
  "//.git//config",
  "/.git/./config",
  "/.git;x/config",
  "/./.git\\config",
  "/.%67it/config",
  "/.GIT/HEAD",
  "/.env",
  "/.env/",
  "/.env;x=1",
  "/a/./.env",
  "/%2eenv",
  "/.svn/entries",
  "/.aws/credentials",
  "/etc//passwd",
  "/etc/./passwd",
  "/etc;x/passwd",
  "/etc%2f%2fpasswd",
  "/x/etc///passwd",
];

/** Paths of well-behaved services, and of clients that are careless. */
const finePaths = [
  "/",
  "//",
  "/a//b",
  "/./a",
  "/a/.",
  "/a..b",
  "/a/...",
  "/a/..b/c",
  "/.environment",
  "/.env.example.html",
  "/a.git/x",
  "/.github/workflows",
  "/.well-known/acme-challenge/x-_y",
  "/docs/etc/policy-passwd",
  "/%zz%",
  "/%2",
  "/v1/users/42;version=3/orders",
  "/m\u00fcnchen/%C3%BCber",
  "/%E6%97%A5%E6%9C%AC/%F0%9F%98%80",
  "/a%20b/c%2Fd",
  "/files/report%20(final)%2C%20v2.pdf",
  "/pkg.Service/Method",
  "/npm/@scope%2fname",
  "/compare/v1.0...v1.1",
  "/search/select/from/union",
  "/static/js/app.3f2a1b.js?v=1.2.3",
];

/** Queries of applications, as they are sent. */
const fineQueries = [
  "q=black+or+white&sort=price,-date",
  "next=https%3A%2F%2Fshop.example%2Fa%3Fb%3Dc%26d%3D1",
  "next=//shop.example/a",
  "filter=(age%20gt%2018)%20and%20(name%20eq%20%27Ann%27)",
  "fields=id,name&expand=items.product",
  "q=O%27Brien%27s+%22best%22+of",
  "range=1..10&v=1.0...2.0",
  "where=price%3E10%20and%20price%3C20",
  "cb=jQuery3_1&_=1700000000",
  "utm_source=a&utm_campaign=drop+it%3B+table+for+two",
  "expr=1%2B1%3D2&formula=a%7C%7Cb",
  "tpl=Hello+%7B%7Bname%7D%7D",
  "path=C%3A%5CUsers%5Cann%5CDocuments",
  "date=2026-11-28T17:00:00%2B01:00",
  "q=how+to+use+union+and+select+in+sql+lessons+%3F",
  "token=eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo",
  "q=%E6%97%A5%E6%9C%AC%E8%AA%9E",
  "ip=10.0.0.1&mask=255.255.255.0",
];

/** Bodies of applications. */
const fineBodies = [
  '{"query":"query Q($id: ID!) { user(id: $id) { name or { x } } }","variables":{"id":"1"}}',
  '{"text":"Please select a seat from the list; drop me a line -- or call.","n":[1,2,3]}',
  "title=Union+of+workers&note=it%27s+5+o%27clock+or+6+o%27clock",
  "# Notes\n\nUse `a || b` or `c && d`; see https://example.org/x?y=1#z -- done.\n",
  "<p>Some <b>bold</b> text &amp; a <a href='https://example.org'>link</a>, once = twice</p>",
  '--b\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\nhello\r\n--b--\r\n',
  '{"email":"ann@example.org","password":"p@ss;w0rd\'--x","bio":"I ❤ C++ & Rust"}',
  "SGVsbG8sIHdvcmxkISBUaGlzIGlzIGJhc2U2NC4=",
  "a,b,c\n1,2,3\n'x','y','z'\n",
  '<?xml version="1.0"?><!DOCTYPE note [<!ENTITY a "b">]><note><to>Ann</to> of our <b>system</b></note>',
];

/** What people send. */
const fine = [
  "shoes",
  "black or white",
  "the union of workers selects a leader",
  "please select one from the menu",
  "O'Brien or O'Neill",
  "a=b&c=d+e",
  "100% cotton",
  "drop by; table for two",
  "1.2.3...4",
  "sleep well (8 h)",
  '{"a":"b","c":[1,2,"x or y"]}',
  "a < b and c > d, once upon a time",
  "München 20:00 – über",
];

test("attacks in the query are denied, encoded once, twice or not", () => {
  const host = createHost(bytes);
  for (const attack of attacks) {
    const once = encodeURIComponent(attack);
    const twice = encodeURIComponent(once);
    const all = [...attack].map((c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`).join("");
    for (const sent of [once, twice, all, once.replaceAll("%20", "+")])
      expect(get(host, `/?q=${sent}`).localReply, sent).toMatchObject({ status: 403 });
  }
  expect(host.failure).toBeNull();
});

test("attacks in the body are denied, wherever it is cut", () => {
  const host = createHost(bytes);
  const inBody = attacks.filter(
    (attack) => !attack.startsWith("..") && !attack.includes("\0") && !attack.startsWith("()"),
  );
  for (const attack of inBody) {
    expect(post(host, `{"q":"${attack}"}`).localReply, attack).toMatchObject({ status: 403 });
    for (let cut = 1; cut < attack.length; cut++) {
      const { localReply, requestBody } = post(host, [
        `q=${attack.slice(0, cut)}`,
        attack.slice(cut),
        "&more=1",
      ]);
      expect(localReply, attack).toMatchObject({ status: 403 });
      expect(requestBody).toBe("");
    }
  }
});

test("what people send is not denied, in path, query and body", () => {
  const host = createHost(bytes);
  for (const text of fine) {
    expect(get(host, `/${encodeURIComponent(text)}?q=${encodeURIComponent(text)}`).action, text).toBe(
      "continue",
    );
    const { action, requestBody } = post(host, [text, text]);
    expect(action, text).toBe("continue");
    expect(requestBody).toBe(text + text);
  }
  expect(host.request({ headers: [["user-agent", ""]] }).action).toBe("continue");
  expect(host.request({}).action).toBe("continue");
});

test("paths are denied by what they lead to, however they are written", () => {
  const host = createHost(bytes);
  for (const path of paths) expect(get(host, path).localReply, path).toMatchObject({ status: 403 });
  expect(host.failure).toBeNull();
});

test("what applications send is not denied, and meets no rule at all where it is a path", () => {
  const host = createHost(bytes);
  for (const path of finePaths) {
    const { action, logs } = get(host, path);
    expect([action, logs], path).toEqual(["continue", []]);
  }
  for (const query of fineQueries) expect(get(host, `/?${query}`).action, query).toBe("continue");
  for (const body of fineBodies) {
    const { action, requestBody } = post(host, body);
    expect([action, requestBody], body).toEqual(["continue", body]);
  }
  expect(host.failure).toBeNull();
});

test("entities of XML that come from elsewhere, and what reaches into a class loader, are denied in bodies", () => {
  const host = createHost(bytes);
  for (const body of [
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>',
    "<!doctype a [<!entity % x\nsystem 'http://x/'>]>",
    "class.module.classLoader.resources.context.parent.pipeline.first.pattern=x",
  ])
    expect(post(host, body).localReply, body).toMatchObject({ status: 403 });
});

test("all values of user-agent are looked at", () => {
  const host = createHost(bytes);
  for (const agent of ["sqlmap/1.7", "Nikto", "Mozilla (Nmap Scripting Engine)"])
    expect(get(host, "/", ["user-agent", "Mozilla/5.0"], ["user-agent", agent]).localReply).toMatchObject({
      status: 403,
      body: "This request looks like an attack.\n",
    });
  expect(get(host, "/", ["user-agent", "nmapper"]).action).toBe("continue");
});

test("points add up to the threshold, each rule once", async () => {
  const host = createHost(bytes);
  expect(get(host, "/?q=javascript:javascript:").action).toBe("continue");
  expect(get(host, "/?q=javascript:&r=document.cookie").localReply).toMatchObject({ status: 403 });
  const low = createHost(await buildPolicy("waf", { threshold: 4 }));
  expect(get(low, "/?q=javascript:").localReply).toMatchObject({ status: 403 });
  const high = createHost(await buildPolicy("waf", { threshold: 100 }));
  expect(get(high, "/?q=../../etc/passwd").action).toBe("continue");
  // Over path, query and body together.
  expect(
    host.request({ headers: [[":path", "/?q=javascript:"]], body: "document.cookie" }).localReply,
  ).toMatchObject({
    status: 403,
  });
});

test("the log names rules, and nothing that a client wrote", async () => {
  const { logs } = get(createHost(bytes), "/?q=../../etc/passwd%0aforged");
  expect(logs).toEqual([{ level: 3, message: "waf: 403 traversal file-passwd" }]);
  expect(get(createHost(await buildPolicy("waf", { logs: false })), "/?q=../../etc/passwd").logs).toEqual([]);
});

test("of the body the beginning is looked at, and what is longer or encoded is denied where that is said", async () => {
  const host = createHost(bytes);
  const attack = "<script>";
  expect(post(host, "x".repeat(8192 - attack.length) + attack).localReply).toMatchObject({ status: 403 });
  const late = post(host, "x".repeat(8192) + attack);
  expect(late.action).toBe("continue");
  expect(late.requestBody).toHaveLength(8192 + attack.length);
  const strict = createHost(await buildPolicy("waf", { denyLonger: true, denyEncoded: true }));
  expect(post(strict, "x".repeat(8192)).action).toBe("continue");
  expect(post(strict, "x".repeat(8193)).localReply).toMatchObject({ status: 413 });
  expect(post(strict, ["x".repeat(8192), "y"]).localReply).toMatchObject({ status: 413 });
  expect(
    post(strict, "x", ["content-encoding", "identity"], ["content-encoding", "gzip"]).localReply,
  ).toMatchObject({
    status: 415,
  });
  expect(post(strict, "x", ["content-encoding", "identity"]).action).toBe("continue");
  const none = createHost(await buildPolicy("waf", { bodyBytes: 0 }));
  expect(post(none, attack).action).toBe("continue");
});

test("what is too long to be looked at is denied: 16 KiB of path, query and user-agent together", () => {
  const host = createHost(bytes);
  expect(get(host, `/${"x".repeat(16_000)}`, ["user-agent", "a".repeat(383)]).action).toBe("continue");
  const { localReply, logs } = get(host, `/?${"x".repeat(16_000)}`, ["user-agent", "a".repeat(383)]);
  expect(localReply).toMatchObject({ status: 431 });
  expect(logs.map(({ message }) => message)).toEqual(["waf: 431 longer"]);
});

test("a body with trailers goes on whole", () => {
  const { action, requestBody } = createHost(bytes).request({ body: ["a", "b"], trailers: [["x", "y"]] });
  expect([action, requestBody]).toEqual(["continue", "ab"]);
  const denied = createHost(bytes).request({ body: ["<scr", "ipt>"], trailers: [["x", "y"]] });
  expect([denied.localReply?.status, denied.requestBody]).toEqual([403, ""]);
});

test("any bytes at all neither trap nor take long", () => {
  const host = createHost(bytes);
  const pieces = fc.array(
    fc.constantFrom(
      "%",
      "%2",
      "%25",
      "%u",
      "\\u00",
      "<",
      "select ",
      "' or ",
      "/*",
      "*/",
      "..",
      "on",
      "\0",
      "é",
      "1=",
    ),
    {
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(pieces, fc.uint8Array({ maxLength: 300 }), (path, body) => {
      host.request({ headers: [[":path", `/${path.join("").replaceAll("\0", "%00")}`]], body });
      expect(host.failure).toBeNull();
    }),
    { numRuns: 1000 },
  );
  for (const piece of [
    "select ",
    "<",
    "< ",
    "'",
    "%25",
    "/*",
    "union ",
    "/",
    "/../",
    "//;",
    "\\",
    "\u00e9",
    "${",
  ]) {
    const fill = (length: number) => piece.repeat(length / Buffer.byteLength(piece));
    post(host, fill(8192));
    post(host, [...fill(2000)]);
    for (const length of [16_000, 50_000])
      for (const path of [`/${fill(length)}`, `/?${fill(length)}`, "/"])
        get(host, path, ["user-agent", path === "/" ? fill(length) : "a"]);
    expect(host.failure, piece).toBeNull();
  }
});

test("in a mesh, in audit mode, it counts and lets go on, bodies as well", async () => {
  const { host, counted } = await meshPolicy("waf", "audit");
  expect(get(host, "/?q=../../etc/passwd").action).toBe("continue");
  get(host, "/");
  expect(counted()).toBe(1);
  for (const trailers of [[], [["t", "1"]]] as const)
    for (const body of [
      ["<scr", "ipt>", "x"],
      ["a", "b"],
      ["<script>", "x".repeat(10_000)],
    ])
      expect(host.exchange({ body, ...(trailers.length > 0 ? { trailers } : {}) })).toMatchObject({
        action: "continue",
        requestBody: body.join(""),
        response: { status: 200 },
      });
  expect(counted()).toBe(5);
  const enforced = await meshPolicy("waf", "enforce");
  expect(post(enforced.host, ["<scr", "ipt>"]).localReply?.status).toBe(403);
});

test("it costs what the README says", () => {
  for (const [path, text] of Object.entries(costFiles("waf", bytes, cost)))
    expect(readFileSync(path, "utf8"), "write it anew with `npm run gen:costs`").toBe(text);
});
