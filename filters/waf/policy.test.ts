import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type BuiltPolicy, buildPolicy } from "../../tools/build-policy.ts";
import { costFiles } from "../../tools/cost-files.ts";
import { meshPolicy } from "../../tools/mesh-policy.ts";
import { startPolicy } from "../../tools/start-policy.ts";
import type { Header, Host } from "../proxy-wasm-as/testing/index.ts";
import { cost } from "./cost.ts";

const policy = await buildPolicy("waf");
const start = (built: BuiltPolicy): Host => startPolicy(built, { allowOnHeadersStopIteration: true });

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
  "/.env.local",
  "/app/.env.production",
  "/.ENV.bak?x=1",
  "/.env.production.local",
  "/.env%2elocal",
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
  "/.env.",
  "/a.env.local",
  "/.env.production.locals",
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
  "q=javascript%3A+the+good+parts",
  "q=true+or+false&r=yes+or+no",
  "q=select+a+plan+from+the+list&or=1&and=2",
  "q=rock+and+roll,+2+and+3+or+4",
  "labels=status%3D%22up%22%20online%3Dtrue",
  "q=Tom+%26+Jerry%27s+%23+1+--+or+2",
  "color=%23fff&note=a/*b*/c",
  "page=1&order=asc&union=local+12",
  "q=a%3Cb+and+c%3Ed+once%3Dtwice",
  "q=%26lt%3Bscript%26gt%3B+%26%2339%3B+%26amp%3B",
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
  "<h1 class=\"a > b\">Only</h1> once = twice, <i title='x'>on</i> and on = off",
  "for (let i=0;i<n;i++) { once = i; only=2; ws.onmessage = f; }",
  "&lt;script&gt;alert(1)&lt;/script&gt; is shown as it is; so is &#60;script&#62; and &quot;a&quot;",
  '{"css":"a{color:#fff}/* a * b */ .b{color:#000}","md":"# Title\\n\\nor\\n\\n- 1 = one","ok":true}',
  'level=info msg="service is up" online=true once=1 host=a',
  '{"sql":"no","where":{"or":[{"age":{"gt":18}},{"vip":true}],"and":[{"n":1}]}}',
  "Choose 1 or 2, 3 and 4 make 7. Is it 5 or 6? true or false; it is true or not.",
  "The union (all of it) may select one of 3 -- or none.",
  "subject=Drop%3B+the+table&body=please+update+the+set+of+10+or+12+chairs",
  "C:\\new\\table\\n1 and \\\\server\\share or 1 = one",
  "à la carte: 5 or 6 plats, 2\u00a0and\u00a03\u3000または 4",
  `[${'"#fff",'.repeat(1000)}1]`,
  "if (i<n && j<m) x=y; ".repeat(380),
  '<p class="a">it\'s 1 or 2</p>\n'.repeat(270),
  "'a' or 'b', \"c\" and \"d\"; ".repeat(270),
  "/* a */ x(); // b\n".repeat(450),
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
  const host = start(policy);
  for (const attack of attacks) {
    const once = encodeURIComponent(attack);
    const twice = encodeURIComponent(once);
    const all = [...attack].map((c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`).join("");
    for (const sent of [once, twice, all, once.replaceAll("%20", "+")])
      expect(get(host, `/?q=${sent}`).localReply, sent).toMatchObject({ status: 403 });
  }
  expect(host.failure).toBeNull();
});

/** What meets each rule of the table, and is denied by it alone or with one more. */
const byRule: Readonly<Record<string, string>> = {
  "sql-union": "1 union select 1",
  "sql-union-all": "1 union all select 1",
  "sql-union-distinct": "1 union distinct select 1",
  "sql-union-apart": "1 union x select a from b",
  "sql-select-from": "1 union x select a from b",
  "sql-or-equal": "1 or 1=1",
  "sql-or-true": "1 or true",
  "sql-or-not-false": "1 or not false",
  "sql-or-quotes": "' or '1'='1",
  "sql-and-equal": "1 and 1=1",
  "sql-and-quotes": "' and '1'='1",
  "sql-pipes": "'|| x or '--",
  "sql-pipes-equal": "1||1=1",
  "quote-comment": "'|| x or '--",
  "sql-drop": "1;drop table users",
  "sql-drop-database": "1;drop database shop",
  "sql-alter": "1;alter table users",
  "sql-truncate": "1;truncate table users",
  "sql-delete": "1;delete from users",
  "sql-insert": "1;insert into users",
  "sql-sleep": "1 and sleep(5)",
  "sql-pg-sleep": "1 and pg_sleep(5)",
  "sql-benchmark": "1 and benchmark(5,x)",
  "sql-waitfor": "1 waitfor delay '0:0:5'",
  "sql-load-file": "1 and load_file(x)",
  "sql-outfile": "1 into outfile x",
  "sql-extractvalue": "1 and extractvalue(1,x)",
  "sql-updatexml": "1 and updatexml(1,x,1)",
  "sql-schema": "1 information_schema.tables",
  "sql-xp-cmdshell": "1 xp_cmdshell x",
  "file-passwd": "/etc/passwd",
  "file-shadow": "/etc/shadow",
  "file-proc": "/proc/self/environ",
  "file-win-ini": "c:\\win.ini",
  "script-tag": "<script>",
  "script-end": "</script><iframe src=x>",
  "script-url": "javascript:document.cookie",
  "script-href": "<a href=javascript:x>",
  "script-src": "<embed src=javascript:x>",
  "script-action": "<form action=javascript:x>",
  "script-iframe": "</script><iframe src=x>",
  "script-object": "<object data=javascript:x>",
  "script-handler": "<img src=x onerror=x>",
  "script-breakout": '" onfocus=x autofocus y="',
  "script-cookie": "javascript:document.cookie",
  "script-srcdoc": "<iframe srcdoc=x>",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what is sent
  "code-jndi": "${jndi:ldap://x/a}",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what is sent
  "code-lookup": "${${lower:j}ndi:ldap://x/a}",
  "code-loader": "class.module.classloader.x=1",
  "code-php-filter": "php://filter/x",
  "code-entity": "<!entity x system 'file:x'>",
  "code-metadata": "http://169.254.169.254/x",
  "code-php": "<?php x",
  "code-cat": ";cat /x|cat /y",
  "code-pipe-cat": ";cat /x|cat /y",
};

test("each rule is met in a body at whatever byte it is cut, and however blanks and escapes fill it", () => {
  const source = readFileSync("filters/waf/policy.ts", "utf8");
  const ofBodies = [...source.matchAll(/^ {2}"([\w-]+) \d [pqa]*b[pqa]* /gm)].map(([, name]) => name);
  expect(Object.keys(byRule)).toEqual(ofBodies.filter((name) => name !== "too-much"));
  const host = start(policy);
  for (const [rule, attack] of Object.entries(byRule)) {
    const denied = new RegExp(`^waf: 403 .*\\b${rule}( |$)`);
    const pad = attack.replaceAll(" ", () => " ".repeat(600));
    const escaped = [...attack].map((c) => `%25${c.charCodeAt(0).toString(16).padStart(2, "0")}`).join("");
    for (const body of [attack, pad, escaped, `${"x".repeat(600)}&q=${attack}`, attack.toUpperCase()]) {
      // Every byte of what is short, and every few of what was made long.
      const step = Math.max(1, Math.floor(body.length / 60));
      for (let cut = 0; cut < body.length; cut += step) {
        const { localReply, logs, requestBody } = post(host, [`q=${body.slice(0, cut)}`, body.slice(cut)]);
        expect([localReply?.status, requestBody], `${body} at ${cut}`).toEqual([403, ""]);
        expect(logs[0]?.message, `${body} at ${cut}`).toMatch(denied);
      }
    }
    expect(post(host, [...`q=${attack}`]).localReply?.status, attack).toBe(403);
  }
  expect(host.failure).toBeNull();
});

/** Ways around rules, each of which somebody has gone. */
const evasions = [
  "1 union/*a*/select 1,2,3",
  "1 union/*a/*b*/select 1",
  "1 union/*a/*b*/c*/select 1",
  "1 and '/*'='/*' union/*a*/select 1 -- */",
  "1/*!12345union*//*M!50000select*/1",
  "1 union--a\nselect 1",
  "1 union#a b\n select 1",
  "1 union -- a\r\n -- b\r\n select 1",
  "1 union(select 1,2,3)",
  "1 union((select 1))",
  "1 union/**/(/**/select 1)",
  "1 union all(select 1)",
  "1 union distinct select 1",
  "1e0union select 1",
  "1.0union/**/select 1",
  "1\u00a0union\u00a0select\u00a01",
  "1\u000bunion\u000cselect 1",
  "\uff55nion \uff53elect 1",
  "1 or/*a*/1=1",
  "1/*a*/or/*b*/1/*c*/=/*d*/1",
  "1 or(1=1",
  "1 or 2>1",
  "1 or 1<2",
  "1 or 1 like 1",
  "1 or 1<>2",
  "1 or 2!=1",
  "1 or 2>='1",
  "1 or true",
  "1/*a*/or/*b*/true",
  "' or true-- ",
  "') or true",
  "1 or not false",
  "' or 'a' like 'a",
  "1 || 1=1",
  "1 and 1=2",
  "1 and sleep/*a*/(5)",
  "1 and sleep /* a */ ( 5 )",
  "1;/*x*/drop/*x*/table users",
  "1;--x\ndrop table users",
  "1;\tDrOp\r\nTaBlE users",
  '<img alt=">" src=x onerror=alert(1)>',
  "<img alt='>' src=x onerror=alert(1)>",
  '<img alt=" > <b> > " src=x onerror=alert(1)>',
  '<!--<a b="--><img alt=">" src=x onerror=alert(1)>',
  '<img a" b=">" onerror=alert(1)>',
  "<img <x onerror=alert(1)>",
  `<img alt=${"x".repeat(101)} src=x onerror=alert(1)>`,
  `<img ${"a=b ".repeat(500)} onerror=alert(1)>`,
  '<img src="x"onerror=alert(1)>',
  "<img/src/onerror=alert(1)>",
  "<svg\u000conload\t=\nalert(1)>",
  '<a href="javascript:alert(1)">',
  "<a href = 'javascript:alert(1)'>",
  "<a href=&#106;avascript:alert(1)>",
  "<a href=&#x6A;&#0000097vascript:alert(1)>",
  "<a href=javascript&colon;alert(1)>",
  "<a href='java&Tab;script&#58;alert(1)'>",
  "<a href='java\nscript:alert(1)'>",
  "<a href=' \u0001javascript:alert(1)'>",
  '" onfocus=alert(1) autofocus x="',
  "'onmouseover='alert(1)",
  "\\x3cscript>",
  "\\u003cscript>",
  "\uff1cscript\uff1e",
  "%uff1cscript%uff1e",
];

test("what goes around a rule by a comment, a quote, an entity or a blank of another kind is met", () => {
  const host = start(policy);
  for (const attack of evasions) {
    const once = encodeURIComponent(attack);
    for (const sent of [
      once,
      encodeURIComponent(once),
      once.replaceAll("%20", "+"),
      once.replaceAll("%20", "%09"),
    ])
      expect(get(host, `/?q=${sent}`).localReply?.status, sent).toBe(403);
    for (const body of [
      attack,
      `q=${once}&more=1`,
      JSON.stringify({ q: attack }),
      JSON.stringify({ q: `a\n${attack}` }),
    ])
      expect(post(host, body).localReply?.status, body).toBe(403);
  }
  expect(host.failure).toBeNull();
});

test("a byte that is a blank to some databases is one, and at the end of a letter it is none", () => {
  const host = start(policy);
  expect(get(host, "/?q=1%a0union%a0select%a01").localReply?.status).toBe(403);
  expect(get(host, "/?q=1%c3%a0union%c3%a0select%c3%a01").action).toBe("continue");
});

test("what JSON has for blanks is one to who reads it", () => {
  const host = start(policy);
  for (const text of [
    String.raw`1 union\nselect 1`,
    String.raw`1\nunion\tselect 1`,
    String.raw`1\r\nor\r\n1=1`,
    String.raw`x;\ndrop\ttable users`,
    String.raw`1 union--a\nselect 1`,
    String.raw`\" or \"1\"=\"1`,
    String.raw`<img\nsrc=\">\"\nonerror=alert(1)>`,
    String.raw`<\/script><iframe srcdoc=x>`,
    String.raw`\/etc\/passwd`,
    String.raw`\u0075nion\u0020select`,
  ]) {
    const body = `{"q":"${text}"}`;
    expect(post(host, body).localReply?.status, body).toBe(403);
    expect(get(host, `/?filter=${encodeURIComponent(body)}`).localReply?.status, body).toBe(403);
  }
});

test("SQL is looked for in the path as well", () => {
  const host = start(policy);
  for (const path of [
    "/items/1%20union%20select%20password%20from%20users",
    "/items/1/**/union/*a*/select/**/1",
    "/items/1'%20or%20'1'='1",
    "/items/1%20or%201=1",
    "/items/1%3Bdrop%09table%0Ausers",
    "/items/1%20and%20sleep(5)",
  ])
    expect(get(host, path).localReply?.status, path).toBe(403);
});

test("attacks in the body are denied, wherever it is cut", () => {
  const host = start(policy);
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
  const host = start(policy);
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
  const host = start(policy);
  for (const path of paths) expect(get(host, path).localReply, path).toMatchObject({ status: 403 });
  expect(host.failure).toBeNull();
});

test("what applications send is not denied, and meets no rule at all where it is a path", () => {
  const host = start(policy);
  for (const path of finePaths) {
    const { action, logs } = get(host, path);
    expect([action, logs], path).toEqual(["continue", []]);
  }
  for (const query of fineQueries) expect(get(host, `/?${query}`).action, query).toBe("continue");
  for (const body of fineBodies) {
    const { action, requestBody } = post(host, body);
    expect([action, requestBody], body.slice(0, 100)).toEqual(["continue", body]);
  }
  expect(host.failure).toBeNull();
});

test("entities of XML that come from elsewhere, and what reaches into a class loader, are denied in bodies", () => {
  const host = start(policy);
  for (const body of [
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>',
    "<!doctype a [<!entity % x\nsystem 'http://x/'>]>",
    "class.module.classLoader.resources.context.parent.pipeline.first.pattern=x",
  ])
    expect(post(host, body).localReply, body).toMatchObject({ status: 403 });
});

test("all values of user-agent are looked at", () => {
  const host = start(policy);
  for (const agent of ["sqlmap/1.7", "Nikto", "Mozilla (Nmap Scripting Engine)"])
    expect(get(host, "/", ["user-agent", "Mozilla/5.0"], ["user-agent", agent]).localReply).toMatchObject({
      status: 403,
      body: "This request looks like an attack.\n",
    });
  expect(get(host, "/", ["user-agent", "nmapper"]).action).toBe("continue");
});

test("points add up to the threshold, each rule once", async () => {
  const host = start(policy);
  expect(get(host, "/?q=javascript:javascript:").action).toBe("continue");
  expect(get(host, "/?q=javascript:&r=document.cookie").localReply).toMatchObject({ status: 403 });
  const low = start(await buildPolicy("waf", { threshold: 4 }));
  expect(get(low, "/?q=javascript:").localReply).toMatchObject({ status: 403 });
  const high = start(await buildPolicy("waf", { threshold: 100 }));
  expect(get(high, "/?q=../../etc/passwd").action).toBe("continue");
  // Over path, query and body together.
  expect(
    host.request({ headers: [[":path", "/?q=javascript:"]], body: "document.cookie" }).localReply,
  ).toMatchObject({
    status: 403,
  });
});

test("the log names rules, and nothing that a client wrote", async () => {
  const { logs } = get(start(policy), "/?q=../../etc/passwd%0aforged");
  expect(logs).toEqual([{ level: 3, message: "waf: 403 traversal file-passwd" }]);
  expect(get(start(await buildPolicy("waf", { logs: false })), "/?q=../../etc/passwd").logs).toEqual([]);
});

test("of the body the beginning is looked at, and what is longer or encoded is denied where that is said", async () => {
  const host = start(policy);
  const attack = "<script>";
  expect(post(host, "x".repeat(8192 - attack.length) + attack).localReply).toMatchObject({ status: 403 });
  const late = post(host, "x".repeat(8192) + attack);
  expect(late.action).toBe("continue");
  expect(late.requestBody).toHaveLength(8192 + attack.length);
  const strict = start(await buildPolicy("waf", { denyLonger: true, denyEncoded: true }));
  expect(post(strict, "x".repeat(8192)).action).toBe("continue");
  expect(post(strict, "x".repeat(8193)).localReply).toMatchObject({ status: 413 });
  expect(post(strict, ["x".repeat(8192), "y"]).localReply).toMatchObject({ status: 413 });
  expect(
    post(strict, "x", ["content-encoding", "identity"], ["content-encoding", "gzip"]).localReply,
  ).toMatchObject({
    status: 415,
  });
  expect(post(strict, "x", ["content-encoding", "identity"]).action).toBe("continue");
  const none = start(await buildPolicy("waf", { bodyBytes: 0 }));
  expect(post(none, attack).action).toBe("continue");
});

test("what is too long to be looked at is denied: 16 KiB of path, query and user-agent together", () => {
  const host = start(policy);
  expect(get(host, `/${"x".repeat(16_000)}`, ["user-agent", "a".repeat(383)]).action).toBe("continue");
  const { localReply, logs } = get(host, `/?${"x".repeat(16_000)}`, ["user-agent", "a".repeat(383)]);
  expect(localReply).toMatchObject({ status: 431 });
  expect(logs.map(({ message }) => message)).toEqual(["waf: 431 longer"]);
});

test("a body with trailers goes on whole", () => {
  const { action, requestBody } = start(policy).request({ body: ["a", "b"], trailers: [["x", "y"]] });
  expect([action, requestBody]).toEqual(["continue", "ab"]);
  const denied = start(policy).request({ body: ["<scr", "ipt>"], trailers: [["x", "y"]] });
  expect([denied.localReply?.status, denied.requestBody]).toEqual([403, ""]);
});

test("any bytes at all neither trap nor take long", () => {
  const host = start(policy);
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
    '<a b="',
    '<a b=\'>" c="',
    "<n;",
    "union/*",
    "union--",
    "'or/*'",
    "'#\n",
    "'or'/*",
    "&#0",
    "&#106;",
    "or\\n",
    "u/s/o/'/;/",
    "/*;*/",
    "#;\n",
    "--'\n",
    "1 or ",
    "'on",
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

/** A message of gRPC. */
const message = (text: string): Uint8Array => {
  const content = Buffer.from(text);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(content.length, 1);
  return Buffer.concat([prefix, content]);
};

const deniedByGrpc = expect.arrayContaining([["grpc-status", "7"]]);

test("a stream of gRPC goes on with its first message, which is looked at", () => {
  const host = start(policy);
  for (const type of ["application/grpc", "application/grpc+proto", "application/grpc;x=y"]) {
    const open = (body: readonly Uint8Array[]) =>
      host.open({
        headers: [
          [":path", "/a.B/C"],
          ["content-type", type],
        ],
        body,
        isUnfinished: true,
      });
    const stream = open([message("hello")]);
    expect(stream.result(), type).toMatchObject({ action: "continue", requestBody: "\0\0\0\0\x05hello" });
    stream.end();
    const part = open([message("hello").subarray(0, 7)]);
    expect(part.result()).toMatchObject({ action: "stop", requestBody: "" });
    part.end();
    const attack = open([
      message("1 union select 1").subarray(0, 12),
      message("1 union select 1").subarray(12),
    ]);
    // Who speaks gRPC is told in gRPC, of which a parameter is none to an Envoy.
    const told = type.includes(";") ? { status: 403 } : { status: 200, headers: deniedByGrpc };
    expect(attack.result().localReply, type).toMatchObject(told);
    attack.end();
  }
  expect(host.failure).toBeNull();
});

test("who says that a body is gRPC or an upgrade does not get an attack by with it", () => {
  const host = start(policy);
  const attack = ["q=1 union ", "select 1"] as const;
  for (const start of ["", "\x02", "\0\0\0\0"]) {
    const body = [start + attack[0], attack[1]];
    for (const type of ["application/grpc-web-text", "application/grpcx"])
      expect(post(host, body, ["content-type", type]).localReply?.status, type).toBe(403);
    expect(post(host, body, ["content-type", "application/grpc"])).toMatchObject({
      localReply: { headers: deniedByGrpc },
      requestBody: "",
    });
  }
  const posted: readonly Header[] = [
    [":method", "POST"],
    ["upgrade", "websocket"],
  ];
  expect(post(host, attack, ...posted).localReply?.status).toBe(403);
});

test("a connection that becomes another is not held back, but its path is looked at", () => {
  const host = start(policy);
  const upgrade: readonly Header[] = [
    [":method", "GET"],
    ["upgrade", "websocket"],
  ];
  const stream = host.open({
    headers: [[":path", "/chat"], ...upgrade],
    body: ["\x81\x01a"],
    isUnfinished: true,
  });
  expect(stream.result()).toMatchObject({ action: "continue", requestBody: "\x81\x01a" });
  stream.end();
  expect(get(host, "/?q=<script>", ...upgrade).localReply?.status).toBe(403);
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
  for (const [path, text] of Object.entries(costFiles("waf", policy.bytes, cost)))
    expect(readFileSync(path, "utf8"), "write it anew with `npm run gen:costs`").toBe(text);
});
