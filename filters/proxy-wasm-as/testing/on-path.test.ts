import { expect, test } from "vitest";
import { assemble } from "../build/assemble.ts";
import { actionModule } from "./action-module.test-helper.ts";
import { createHost, type Host } from "./index.ts";

const notes = `export function proxy_on_delete(context: u32): void { forgetPath(context); deleted(context); }
`;
const notesOnly =
  "export function proxy_on_request_headers(context: u32, count: u32, last: u32): u32 { begin(context); notePath(context); return end(); }";
const moduleOf = async (...asking: readonly ("request" | "response")[]): Promise<Uint8Array> => {
  const imports = { "actions/headers": "setHeader", "on-path": "askPaths, forgetPath, notePath" };
  const entry = actionModule({
    imports,
    configure: "askPaths();",
    ...Object.fromEntries(asking.map((part) => [part, 'setHeader(b"enforced", b"yes");'])),
    rest: `${notes}${asking.includes("request") ? "" : notesOnly}`,
  }).replace("  begin(context, 0);\n", asking.includes("response") ? "$&  notePath(context);\n" : "$&");
  const { bytes = new Uint8Array(), stderr } = await assemble({ entry });
  expect(stderr).toBe("");
  return bytes;
};
const modules = { request: await moduleOf("request"), response: await moduleOf("response") };
type Part = keyof typeof modules;
const parts: readonly Part[] = ["request", "response"];

const facts = `@self\tr
@peer\tapi\t10.0.0.1
@peer\tweb\t10.0.0.2
@peer\tjob\t10.0.0.3
@path\ttracestate\tlist
@when\tp\tnewrev\tapi\t1,4\t2
@when\tp\toldrev\tapi\t-\t1
@when\tp\tnewrev\tweb\t2\t1,4
`;
const lost = (what: string): string => `@lost\tp\t${what}\n`;
const start = (part: Part = "request", line = "p\tinbound\tjob\n", more = lost("skip")): Host =>
  createHost(modules[part], { configuration: `${facts}${more}${line}` });

/** Whether the policy was enforced on a request of this caller with this state, or on its response, or what was answered instead. */
function enforced(host: Host, caller: string, state: string | undefined): boolean | number {
  const address = { api: "10.0.0.1", web: "10.0.0.2", job: "10.0.0.3" }[caller] ?? "10.0.0.9";
  const { requestHeaders, response, localReply } = host.exchange({
    headers: [[":method", "GET"], ...(state === undefined ? [] : [["tracestate", state] as const])],
    properties: { "source.address": `${address}:40000` },
    response: {},
  });
  expect(host.failure).toBeNull();
  if (localReply !== undefined) return localReply.status;
  return [...requestHeaders, ...(response?.headers ?? [])].some(([name]) => name === "enforced");
}

test.each(parts)("a policy is for a %s where the path says so, by the call that it came by", (part) => {
  const host = start(part);
  expect(enforced(host, "api", "wire=newrev.1")).toBe(true);
  expect(enforced(host, "api", "a=1,wire=newrev.4")).toBe(true);
  expect(enforced(host, "api", "wire=newrev.2")).toBe(false);
  expect(enforced(host, "web", "wire=newrev.2")).toBe(true);
  expect(enforced(host, "web", "wire=newrev.1")).toBe(false);
  // Where the call decides nobody looks.
  expect(enforced(host, "job", undefined)).toBe(true);
  expect(enforced(host, "other", undefined)).toBe(false);
  expect(host.metrics.size).toBe(0);
});

test.each(parts)("what stands for no state in a list is not a state of a %s", (part) => {
  const host = start(part, undefined, `@when\tp\tall\tapi\t7\t-\n${lost("deny")}`);
  expect(enforced(host, "api", "wire=all.7")).toBe(true);
  expect(enforced(host, "api", "wire=all.-")).toBe(403);
  expect(enforced(host, "api", "wire=oldrev.-")).toBe(403);
  expect(enforced(host, "api", "wire=all.")).toBe(403);
});

test("a revision that the policy is not in is none in which it is for anybody", () => {
  expect(enforced(start(), "api", "wire=oldrev.1")).toBe(false);
});

test.each(parts)(
  "of a %s that began before there were states, or by others, a whole revision may be said",
  (part) => {
    const more = "@when\tp\t-\tapi\t*\t-\n@when\tp\t-\tweb\t-\t*\n@when\tp\tbefore\tapi\t-\t*\n";
    const host = start(part, undefined, `${more}${lost("skip")}`);
    expect(enforced(host, "api", undefined)).toBe(true);
    expect(enforced(host, "api", "a=1")).toBe(true);
    expect(enforced(host, "web", undefined)).toBe(false);
    expect(enforced(host, "api", "wire=before.77")).toBe(false);
    expect(host.metrics.size).toBe(0);
    // What nobody can read is not what has no state.
    expect(enforced(host, "api", "wire=newrev.1,wire=newrev.2")).toBe(false);
    expect(enforced(host, "api", "wire=newrev")).toBe(false);
    expect(Object.fromEntries(host.metrics)).toEqual({ "wire.lost.p.api": 2 });
  },
);

test.each(parts)("of a %s without a state that can be it is not known, and counted by caller", (part) => {
  const states = [
    undefined,
    "a=1",
    "wire=newrev.9",
    "wire=other1.1",
    "wire=oldrev.7",
    "wire=newrev.1,wire=newrev.2",
  ];
  const host = start(part);
  for (const state of states) expect(enforced(host, "api", state)).toBe(false);
  expect(enforced(host, "web", undefined)).toBe(false);
  expect(Object.fromEntries(host.metrics)).toEqual({
    "wire.lost.p.api": states.length,
    "wire.lost.p.web": 1,
  });
});

test("what asks on a request and again on its response has lost it once, whatever comes between", async () => {
  const both = await moduleOf("request", "response");
  const host = createHost(both, { configuration: `${facts}${lost("skip")}p\tinbound\tjob\n` });
  const open = (state: readonly (readonly [string, string])[]) =>
    host.open({
      headers: [[":method", "GET"], ...state],
      properties: { "source.address": "10.0.0.1:40000" },
    });
  const streams = [
    open([]),
    open([["tracestate", "wire=newrev.9"]]),
    open([["tracestate", "wire=newrev"]]),
    open([]),
  ];
  for (const stream of streams) stream.respond({});
  for (const stream of streams) stream.end();
  expect(host.failure).toBeNull();
  expect(Object.fromEntries(host.metrics)).toEqual({ "wire.lost.p.api": streams.length });
});

test("what is not known is said to the access log, behind what other modules have said", () => {
  const host = start();
  const record = (
    properties: Readonly<Record<string, string>>,
    state = "wire=newrev.9",
  ): string | undefined =>
    host
      .exchange({
        headers: [["tracestate", state]],
        properties: { "source.address": "10.0.0.1:40000", ...properties },
      })
      .filterState.get("wasm.wire.lost");
  expect(record({})).toBe("p api");
  expect(record({}, "wire=newrev.2")).toBeUndefined();
  const before = "other api;".padEnd(1_018, "x");
  expect(record({ "['wire.lost']": "other web" })).toBe("other web;p api");
  expect(record({ "['wire.lost']": before })).toBe(`${before};p api`);
  expect(record({ "['wire.lost']": `${before}x` })).toBeUndefined();
});

test("what is not known may be denied", () => {
  const host = start("request", undefined, lost("deny"));
  expect(enforced(host, "api", undefined)).toBe(403);
  expect(enforced(host, "api", "wire=newrev.2")).toBe(false);
  expect(enforced(host, "other", undefined)).toBe(false);
});

test("an audited policy counts what it would have denied, and denies nothing", () => {
  const host = start("request", "p\tinbound\tjob\taudit\n", lost("deny"));
  expect(enforced(host, "api", undefined)).toBe(false);
  expect(Object.fromEntries(host.metrics)).toEqual({ "wire.audit.p": 1, "wire.lost.p.api": 1 });
});

test("one that is switched off asks nobody", () => {
  const host = start("request", "p\tinbound\t-\n", lost("deny"));
  expect(enforced(host, "api", "wire=newrev.1")).toBe(false);
  expect(enforced(host, "api", undefined)).toBe(false);
});
