import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { assemble } from "../../filters/proxy-wasm-as/build/assemble.ts";
import { tryModule } from "../../filters/proxy-wasm-as/build/try-module.ts";
import { verifyModule } from "../../filters/proxy-wasm-as/build/verify-module.ts";
import { createHost } from "../../filters/proxy-wasm-as/testing/index.ts";
import { bodyOf } from "../language/body-of.test-helper.ts";
import { checkCopper } from "../language/check.ts";
import type { CopperPolicy, Statement } from "../language/policy.ts";
import { generate } from "./generate.ts";

const span = { start: 0, end: 0 };
const policy = (name: string, body: readonly Statement[]): CopperPolicy => ({
  kind: "copper",
  name,
  source: { path: `${name}.cup`, text: "" },
  span,
  act: "RPCRequest",
  context: { anchored: false, expression: { kind: "any", except: [], span } },
  contextSpan: span,
  priority: 0,
  mode: "enforce",
  onLost: "deny",
  actions: [],
  sections: [{ side: "either", body }],
  states: [],
  parameters: [],
});
const copper = (name: string): CopperPolicy => {
  const url = new URL(`../../filters/${name}/policy.cup`, import.meta.url);
  const { policies } = checkCopper({ path: `filters/${name}/policy.cup`, text: readFileSync(url, "utf8") });
  const [first] = policies;
  if (first === undefined) throw new Error(`${name} does not check`);
  return first;
};
const canary = copper("canary-rate");
const critical = copper("hot-path");
const admit = policy("admit", bodyOf('Allow(r, "search", "rate");'));

async function host(policies: readonly CopperPolicy[], configuration: string) {
  const { bytes = new Uint8Array(), stderr } = await assemble({ entry: generate(policies) });
  expect(stderr).toBe("");
  expect(verifyModule(bytes)).toEqual([]);
  expect(tryModule(bytes, configuration)).toEqual([]);
  return createHost(bytes, { configuration });
}
const from = (address: string) => ({ properties: { "source.address": `${address}:4000` } });

test("the source is as a person would read it", async () => {
  await expect(generate([critical, canary, admit])).toMatchFileSnapshot("testdata/fused.as.txt");
});

test("parentheses stand where they say something", () => {
  const body = bodyOf(`let n = ToInt(r.GetHeader("x-n"), 0);
    if (n > 1 && !(r.GetMethod() == "GET")) { SetHeader(r, "x-n", ToString(n * 2 - -n)); }
    if (!(n == 3) || BodyContains(r, "a", 10)) { Deny(r); }`);
  const source = generate([policy("one", body)]);
  expect(source).toContain("if ((v_n > <i64>1) && !equal(");
  expect(source).toContain("toString((v_n * <i64>2) - -v_n)");
  expect(source).toContain("if (!(v_n == <i64>3) || ");
  expect(source).toContain(
    "if (last == 0 && runs(0) && (wait() || (runs(0) && !audits() && refuse()))) return holdFirst(context, 1);",
  );
});

test("a header is set for the callers named, and for no others", async () => {
  const rate = await host([critical], "@peer\tsearch\t127.0.0.3,127.0.0.4\nhot-path\tinbound\tsearch\n");
  expect(rate.request(from("127.0.0.4")).requestHeaders).toEqual([["critical", "true"]]);
  expect(rate.request(from("127.0.0.40")).requestHeaders).toEqual([]);
  expect(rate.request({}).requestHeaders).toEqual([]);
});

test("a client that goes while its body is awaited leaves nothing behind", async () => {
  const tagged = policy("tagged", bodyOf('if (BodyContains(r, "x", 10)) Deny(r, 403);'));
  const rate = await host([tagged], "@peer\ta\t127.0.0.3\ntagged\tinbound\ta\n");
  const before = rate.memoryPages;
  for (let n = 0; n < 60_000; n++) rate.request({ ...from("127.0.0.3"), body: "y", isUnfinished: true });
  expect(rate.request({ body: "x" }).localReply).toBeUndefined();
  expect(rate.memoryPages).toBe(before);
});

test("numbers of any size compile", async () => {
  const large = bodyOf(
    'if (ToInt(GetPath(r), 0) * 1.0 < 1000000000000000000000.0) SetHeader(r, "small", "1");' +
      'if (ToInt(GetPath(r), 0) < 9223372036854775807) SetHeader(r, "int", "1");',
  );
  const { requestHeaders } = (await host([policy("p", large)], "p\tinbound\t*\n")).request({});
  expect(requestHeaders.map(([name]) => name)).toEqual(["small", "int"]);
});

test("outside is any address not listed; audit changes nothing", async () => {
  const outside = await host([critical], "@peer\tsearch\t127.0.0.3\nhot-path\tinbound\t!search\n");
  expect(outside.request(from("127.0.0.3")).requestHeaders).toEqual([]);
  expect(outside.request(from("10.0.0.1")).requestHeaders).toHaveLength(1);
  expect((await host([critical], "hot-path\tinbound\t*\taudit\n")).request({}).requestHeaders).toEqual([]);
});

test("a version is chosen on the way out, and the route with it", async () => {
  const search = await host([canary], "canary-rate\toutbound\trate\n");
  const headers = [["x-canary", "true"]] as const;
  const rerouted = search.request({ headers, properties: { "xds.route_name": "rate@v1" } });
  expect(rerouted.requestHeaders).toContainEqual(["x-wire-version", "v2"]);
  expect(rerouted.calls).toContain("call_foreign_function:clear_route_cache");
  expect(search.request({ properties: { "xds.route_name": "rate" } }).requestHeaders).toEqual([]);
});

test("a request is denied when no Allow admits it", async () => {
  const rate = await host([admit], "@self\trate\n@peer\tsearch\t127.0.0.3\nadmit\tinbound\t*\n");
  expect(rate.request(from("127.0.0.3")).action).toBe("continue");
  expect(rate.request(from("127.0.0.9")).localReply?.status).toBe(403);
});

test("a configuration that cannot be read is refused with what was read of the line", async () => {
  const { bytes = new Uint8Array() } = await assemble({ entry: generate([critical]) });
  const said = (configuration: string): string => tryModule(bytes, configuration).join("\n");
  const refused: Readonly<Record<string, string>> = {
    "hot-path\tinbound\t*\nother\tinbound\t*\n": "other",
    "hot-path inbound *\n": "hot-path inbound *",
    "@self\trate\nhot-path\tsideways\t*\n": "hot-path\tsideways",
    "hot-path\tinbound\t\tenforce\n": "hot-path\tinbound\t",
    "hot-path\tinbound\t*\tsometimes\t1\n": "hot-path\tinbound\t*\tsometimes",
  };
  for (const [configuration, line] of Object.entries(refused))
    expect(said(configuration), configuration).toBe(
      `the plugin refused its configuration\nconfiguration refused: ${line}`,
    );
});

test("a policy without a line is refused: nothing else would say that it is not enforced", async () => {
  const { bytes = new Uint8Array() } = await assemble({ entry: generate([critical, admit]) });
  for (const configuration of ["", "hot-path\tinbound\t*\n", "admit\tinbound\t*\n", "@acme\tinbound\t*\n"])
    expect(tryModule(bytes, configuration)[0], configuration).toBe("the plugin refused its configuration");
  expect(tryModule(bytes, "hot-path\tinbound\t*\n").join("\n")).toMatch(/configuration refused: as a whole/);
});

test("a configuration may be long, and eight of the longest live beside each other", async () => {
  const { bytes = new Uint8Array() } = await assemble({ entry: generate([critical]) });
  const addresses = (count: number): string =>
    Array.from({ length: count }, (_, i) => `10.0.${i >> 8}.${i & 255}`).join(",");
  const long = (count: number): string => `@peer\ta\t${addresses(count)}\nhot-path\tinbound\ta\n`;
  const fitting = long(5000);
  expect(fitting.length).toBeGreaterThan(50_000);
  expect(tryModule(bytes, fitting)).toEqual([]);
  expect(tryModule(bytes, long(6000)).join("\n")).toMatch(/configuration refused: as a whole/);
  const host = createHost(bytes, { configuration: fitting });
  expect(host.request(from("10.0.19.1")).requestHeaders).toHaveLength(1);
  expect(host.request(from("10.0.20.1")).requestHeaders).toHaveLength(0);
});

test("an audited policy counts the requests on which it would have acted", async () => {
  const text = `policy deny-bad ( act (Request request) context ('a -> b') ) {
    if (GetHeader(request, "x") == "bad") { Deny(request); SetHeader(request, "y", "1"); }
  }
---
policy route ( act (Request request) context ('a -> b') ) { RouteToVersion(request, "b", "v2"); }`;
  const { policies } = checkCopper({ path: "p.cup", text });
  const audited = await host(
    [...policies, admit],
    "@self\trate\n@peer\tsearch\t127.0.0.3\n@peer\tgeo\t127.0.0.4\ndeny-bad\tinbound\t*\taudit\nroute\toutbound\tb\taudit\nadmit\tinbound\tgeo,search\taudit\n",
  );
  const ask = (x: string, address: string, route = "none") => {
    const properties = { "source.address": `${address}:1`, "xds.route_name": route };
    const { requestHeaders, action } = audited.request({ headers: [["x", x]], properties });
    expect(requestHeaders).toEqual([["x", x]]);
    expect(action).toBe("continue");
  };
  ask("bad", "127.0.0.3");
  ask("good", "127.0.0.4");
  ask("bad", "127.0.0.4", "b@v1");
  ask("good", "127.0.0.9");
  expect(Object.fromEntries(audited.metrics)).toEqual({
    "wire.audit.deny-bad": 2,
    "wire.audit.route": 1,
    "wire.audit.admit": 2,
  });
  expect((await host([critical], "hot-path\tinbound\t*\tenforce\n")).metrics.size).toBe(0);
});

test("a header is its first value, and `HasHeader` looks at all of them", async () => {
  const text = `policy p ( act (Request request) context ('a -> b') ) {
    if (GetHeader(request, "X-Role") == "admin") { SetHeader(request, "first", "1"); }
    if ("admin" != GetHeader(request, "x-role")) { SetHeader(request, "first-not", "1"); }
    if (HasHeader(request, "X-Role", "admin")) { SetHeader(request, "any", "1"); }
    if (HasHeader(request, "x-role")) { SetHeader(request, "there", "1"); }
    if (GetHeaders(request, "x-role") == "user,admin") { SetHeader(request, "all", "1"); }
    if (GetHeader(request, "absent") == GetHeader(request, "missing")) { SetHeader(request, "both-absent", "1"); }
    if (GetHeader(request, "absent") == "") { SetHeader(request, "empty", "1"); }
  }`;
  const { policies, diagnostics } = checkCopper({ path: "p.cup", text });
  expect(diagnostics).toEqual([]);
  const any = await host(policies, "p\tinbound\t*\n");
  const marks = (headers: readonly (readonly [string, string])[]): string =>
    any
      .request({ headers })
      .requestHeaders.map(([name]) => name)
      .filter((name) => !name.startsWith("x-"))
      .join(" ");
  const roles = (...values: string[]) => values.map((value) => ["x-role", value] as const);
  expect(marks(roles("admin"))).toBe("first any there");
  expect(marks(roles("user", "admin"))).toBe("first-not any there all");
  expect(marks(roles("admin", "user"))).toBe("first any there");
  expect(marks(roles("user"))).toBe("first-not there");
  expect(marks(roles(""))).toBe("first-not there");
  expect(marks([])).toBe("first-not");
});

test("what a policy wrote before is what it reads after", async () => {
  const text = `policy p ( act (Request request) context ('a -> b') ) {
    if (HasHeader(request, "x", "1")) { SetHeader(request, "x", "2"); }
    if (GetHeader(request, "x") == "2") { SetHeader(request, "y", "2"); }
    if (HasHeader(request, "x", "1")) { SetHeader(request, "z", "2"); }
  }`;
  const { policies } = checkCopper({ path: "p.cup", text });
  const { requestHeaders } = (await host(policies, "p\tinbound\t*\n")).request({
    headers: [
      ["x", "0"],
      ["x", "1"],
    ],
  });
  expect(requestHeaders).toEqual([
    ["x", "2"],
    ["y", "2"],
  ]);
});

test("what several policies read is read once, until something is written", async () => {
  const body = (n: number, then: string): string =>
    `policy p${n} ( act (Request request) context ('a -> b') ) { if (GetHeader(request, "${n === 1 ? "X" : "x"}") == "1") { ${then} } }`;
  const { policies } = checkCopper({
    path: "p.cup",
    text: [
      body(0, 'SetHeader(request, "a", "1");'),
      body(1, 'SetHeader(request, "x", "2");'),
      body(2, 'SetHeader(request, "b", "1");'),
      body(3, 'SetHeader(request, "c", "1");'),
    ].join("\n---\n"),
  });
  const line = (mode: string): string => [0, 1, 2, 3].map((n) => `p${n}\tinbound\t*\t${mode}\n`).join("");
  const reads = (calls: readonly string[]): number =>
    calls.filter((call) => call.includes("get_header_map_value")).length;
  const enforced = await host(policies, line("enforce"));
  const acted = enforced.request({ headers: [["x", "1"]] });
  expect(acted.requestHeaders).toEqual([
    ["a", "1"],
    ["x", "2"],
  ]);
  expect(reads(acted.calls)).toBe(3);
  expect(reads(enforced.request({ headers: [["x", "0"]] }).calls)).toBe(1);
  // The next request is another one.
  expect(enforced.request({ headers: [["x", "1"]] }).requestHeaders).toEqual(acted.requestHeaders);
  const audited = (await host(policies, line("audit"))).request({ headers: [["x", "1"]] });
  expect(audited.requestHeaders).toEqual([["x", "1"]]);
  expect(reads(audited.calls)).toBe(1);
});

test("neither a path nor a text gets out of its comment, and the way to a file is not in the code", async () => {
  const end = "a\u2028let x = unreachable();\n*/ export function f(): void {}";
  const text = policy("text", bodyOf(`Deny(r, 403, ${JSON.stringify(end)});`));
  const inFolder = (path: string): string => generate([{ ...text, source: { path, text: "" } }]);
  const odd = inFolder("a*/\nunreachable();\u2028/p.cup");
  expect(odd).toBe(inFolder("/some/where/p.cup"));
  expect(inFolder("a*/ \u2028b.cup")).not.toContain("\u2028");
  expect((await assemble({ entry: odd })).stderr).toBe("");
});

test("a value read from a header is written as it is, but never with CR, LF or NUL", async () => {
  const { policies } = checkCopper({
    path: "copy.cup",
    text: `policy copy ( act (Request request) context ('a -> b') ) { SetHeader(request, "to", GetHeader(request, "from") ?? ""); }`,
  });
  const copy = await host(policies, "copy\tinbound\t*\n");
  const written = (from: Uint8Array) =>
    copy
      .request({
        headers: [
          ["from", from],
          ["to", "old"],
        ],
      })
      .requestHeaderBytes.find(([name]) => name === "to")?.[1];
  const bytes = (...values: number[]) => Uint8Array.from(values);
  // Envoy's own codecs refuse such values, but a filter before this one could have made them.
  for (const bad of [13, 10, 0]) expect(written(bytes(97, bad, 98))).toEqual(bytes());
  expect(written(bytes(0xff, 9, 0xc3, 97))).toEqual(bytes(0xff, 9, 0xc3, 97));
  expect(copy.request({ headers: [["to", "old"]] }).requestHeaders).toEqual([["to", ""]]);
});

test("one metric of several policies is defined once", async () => {
  const text = ["p", "q"].map(
    (name) =>
      `policy ${name} ( act (Request request) context ('a -> b') ) { Count(request, "n"); Count(request, "n", 2); }`,
  );
  const { policies } = checkCopper({ path: "p.cup", text: text.join("\n---\n") });
  const both = await host(policies, "p\tinbound\t*\nq\tinbound\t*\n");
  const { calls } = both.request({});
  expect(calls.filter((call) => call === "define_metric")).toHaveLength(1);
  expect(Object.fromEntries(both.metrics)).toEqual({ "wire.n": 6 });
});

test("what there is no room to wait for is refused only for a policy that is enforced and could deny it", async () => {
  const text = `policy deny ( act (Request request) context ('a -> b') ) { if (BodyContains(request, "bad", 10)) Deny(request, 400); }
---
policy size ( act (Request request) context ('a -> b') ) { SetHeader(request, "size", GetBodySize(request, 10).ToString()); }`;
  const { policies } = checkCopper({ path: "p.cup", text });
  const { bytes = new Uint8Array() } = await assemble({ entry: generate(policies) });
  const asked = (deny: string, size: string) => {
    const configuration = `deny\tinbound\t${deny}\nsize\tinbound\t${size}\n`;
    const full = createHost(bytes, { configuration, allowOnHeadersStopIteration: true });
    const waiting = Array.from({ length: 4096 }, () => full.open({ body: "b", isUnfinished: true }));
    const during = full.request({ body: ["ba", "d"] });
    for (const stream of waiting) stream.end();
    const later = full.request({ body: ["ba", "d"] });
    expect(full.failure).toBeNull();
    expect(full.metrics.get("wire.no_room_for_body")).toBe(1);
    return [during, later].map(
      ({ localReply, requestHeaders }) =>
        localReply?.status ?? Object.fromEntries(requestHeaders)["size"] ?? "-",
    );
  };
  expect(asked("*\tenforce", "*\tenforce")).toEqual([503, 400]);
  expect(asked("*\tenforce", "*\taudit")).toEqual([503, 400]);
  expect(asked("*\taudit", "*\tenforce")).toEqual(["0", "3"]);
  expect(asked("*\taudit", "*\taudit")).toEqual(["-", "-"]);
});
