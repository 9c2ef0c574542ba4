import { expect, test } from "vitest";
import { assemble } from "../build/assemble.ts";
import { createHost, type Host } from "./index.ts";

const moduleOf = async (isOutbound: boolean, isOrigin: boolean): Promise<Uint8Array> => {
  const { bytes = new Uint8Array(), stderr } = await assemble({
    entry: `import "proxy-wasm-as/assembly/abort";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate } from "proxy-wasm-as/assembly/policy";
import { stamp } from "proxy-wasm-as/assembly/stamp";
export function proxy_on_request_headers(context: u32, count: u32, last: u32): u32 { return stamp(context, ${isOutbound}, ${isOrigin}); }
export function proxy_on_configure(root: u32, size: u32): u32 { return configure(root, size, 0); }
export function proxy_on_context_create(context: u32, parent: u32): void { created(context, parent); }
export function proxy_on_delete(context: u32): void { deleted(context); }
export function proxy_on_memory_allocate(size: usize): usize { return allocate(size); }
export function proxy_abi_version_0_2_1(): void {}
`,
  });
  expect(stderr).toBe("");
  return bytes;
};
const [inbound, outbound, intoOrigin] = await Promise.all([
  moduleOf(false, false),
  moduleOf(true, true),
  moduleOf(false, true),
]);

/** Two revisions are in use, the first of which paths begin with. */
const inside = "@stamp\tnewrev\t-\t1>2,12>3,s.t>4\n@stamp\toldrev\t-\t7>8\n@stamp\tasisrv\t-\t=\n";
const entry = "@begin\tnewrev\n@stamp\tnewrev\t1\t1>2\n@stamp\toldrev\t6\t7>8\n";

interface Settings {
  readonly header?: string;
  readonly isOutbound?: boolean;
  readonly isOrigin?: boolean;
}

function start(
  facts: string,
  { header = "tracestate\tlist", isOutbound = false, isOrigin = false }: Settings = {},
): Host {
  return createHost(isOutbound ? outbound : isOrigin ? intoOrigin : inbound, {
    configuration: `@self\ts\n@path\t${header}\n${facts}`,
  });
}

/** What the service sees of a request with these headers. */
function seen(
  host: Host,
  headers: readonly (readonly [string, string])[],
  from = "10.0.0.9:40000",
): readonly string[] {
  const { requestHeaders } = host.exchange({
    headers: [[":method", "GET"], ...headers],
    properties: { "source.address": from },
  });
  expect(host.failure).toBeNull();
  return requestHeaders.flatMap(([name, value]) => (name.startsWith(":") ? [] : [`${name}: ${value}`]));
}

const identity = `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01`;
const traced = ["traceparent", identity] as const;
const state = (host: Host, ...values: readonly string[]): readonly string[] =>
  seen(host, [traced, ...values.map((value) => ["tracestate", value] as const)]).slice(1);

test("a state goes on, first in the list, and what others have said stays", () => {
  const host = start(inside);
  expect(state(host, "wire=newrev.1")).toEqual(["tracestate: wire=newrev.2"]);
  expect(state(host, "a=1,wire=newrev.12, b=2 ")).toEqual(["tracestate: wire=newrev.3,a=1,b=2"]);
  expect(state(host, "a=1", "b=2 ,\twire =  newrev.1 ")).toEqual(["tracestate: wire=newrev.2,a=1,b=2"]);
  expect(state(host, "wire=newrev.s.t")).toEqual(["tracestate: wire=newrev.4"]);
});

test("each revision has states of its own, and one in which the service does not stamp goes by", () => {
  const host = start(inside);
  expect(state(host, "wire=oldrev.7")).toEqual(["tracestate: wire=oldrev.8"]);
  expect(state(host, "a=1,wire=asisrv.1")).toEqual(["tracestate: a=1,wire=asisrv.1"]);
});

test("what is no state of a revision in use is lost, and takes nothing with it", () => {
  const host = start(inside);
  for (const lost of [
    "wire=newrev.9",
    "wire=newrev.2",
    "wire=other1.1",
    "wire=newrev",
    "wire=newrev.",
    "wire=",
    "wire=.1",
    "wire=NEWREV.1",
    "wire=newrev.1,wire=newrev.12",
    "wire=newrev.1 2",
  ]) {
    expect(state(host, lost)).toEqual([]);
    expect(state(host, `a=1,${lost},b=2`)).toEqual(["tracestate: a=1,b=2"]);
  }
  expect(state(host)).toEqual([]);
  // What others say is not touched where there is nothing of ours.
  for (const others of ["a=1, b=2", "Wire=newrev.1", "wired=newrev.1", "x@wire=newrev.1", ",,"])
    expect(state(host, others)).toEqual([`tracestate: ${others}`]);
});

test("a code that begins as what stands for none does is a state", () => {
  const host = start("@outside\t*\n@begin\tnewrev\n@stamp\tnewrev\t-Zk3\t-\n");
  expect(state(host)).toEqual(["tracestate: wire=newrev.-Zk3"]);
});

test("no more than 32 members are left", () => {
  const others = Array.from({ length: 40 }, (_, number) => `k${number}=v`);
  const [value = ""] = state(start(inside), `${others.join(",")},wire=newrev.1`);
  expect(value).toBe(`tracestate: wire=newrev.2,${others.slice(0, 31).join(",")}`);
});

test("what outside traffic brings is discarded in whatever shape it comes", () => {
  const host = start(`@outside\t*\n${entry}`);
  const first = ["tracestate: wire=newrev.1"];
  expect(state(host)).toEqual(first);
  for (const forged of [
    "wire=newrev.2",
    "wire=oldrev.7",
    "wire = newrev.2",
    "wire=newrev.2,wire=newrev.3",
    "wire=newrev.1",
  ])
    expect(state(host, forged)).toEqual(first);
  expect(state(host, "wire=newrev.2", "wire=newrev.1", "wire=oldrev.7")).toEqual(first);
  expect(state(host, "a=1,wire=newrev.2", "b=2,wire=newrev.1")).toEqual([
    "tracestate: wire=newrev.1,a=1,b=2",
  ]);
});

test("before there are states, paths begin without one, and nobody brings one", () => {
  const host = start("@outside\t*\n@stamp\tnewrev\t1\t1>2\n");
  expect(state(host)).toEqual([]);
  expect(state(host, "a=1,wire=newrev.1")).toEqual(["tracestate: a=1"]);
});

test("at an entry with callers inside, who is none of these is outside", () => {
  const host = start(`@outside\t!\n@peer\tr\t10.0.0.1,10.0.0.2\n${entry}`);
  const forged = [traced, ["tracestate", "wire=newrev.1"]] as const;
  expect(seen(host, forged, "10.0.0.2:40000").slice(1)).toEqual(["tracestate: wire=newrev.2"]);
  expect(seen(host, forged, "10.0.0.3:40000").slice(1)).toEqual(["tracestate: wire=newrev.1"]);
});

test("an untraced request becomes one that can be traced, since libraries drop a state that stands alone", () => {
  const host = start(`@outside\t*\n${entry}`);
  const [one, other] = [seen(host, []), seen(host, [])];
  expect(one).toEqual([
    "tracestate: wire=newrev.1",
    expect.stringMatching(/^traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-00$/),
  ]);
  expect(other[1]).not.toBe(one[1]);
  expect(seen(start(`@outside\t*\n${entry}`, { header: "baggage\tlist" }), [])).toEqual([
    "baggage: wire=newrev.1",
  ]);
});

test("nobody outside has the state dropped by what libraries drop it for", () => {
  const host = start(`@outside\t*\n${entry}`);
  const fresh = /^traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-00$/;
  for (const unreadable of [
    "",
    "x",
    "00-1-2-01",
    identity.toUpperCase(),
    identity.replace("00-", "ff-"),
    identity.replace(/ab/g, "00"),
    identity.replace(/cd/g, "00"),
    `${identity}-x`,
    `${identity},${identity}`,
  ]) {
    const headers = seen(host, [["traceparent", unreadable]]);
    expect(headers).toContain("tracestate: wire=newrev.1");
    expect(headers).toContainEqual(expect.stringMatching(fresh));
    expect(headers).toHaveLength(2);
  }
  // Also beside what is as it would be written.
  expect(seen(host, [["tracestate", "wire=newrev.1"]])).toContainEqual(expect.stringMatching(fresh));
  const long = "x".repeat(256);
  for (const bad of [
    "bad",
    "=1",
    "a=",
    "A=1",
    "a=1=2",
    "a=\t.",
    "a=\u00e9",
    "1=1",
    "@a=1",
    "a@=1",
    "a@b@c=1",
    `a=${long}x`,
  ])
    expect(state(host, `b=2,${bad},c=3`)).toEqual(["tracestate: wire=newrev.1,b=2,c=3"]);
  expect(state(host, "wire=newrev.1,bad")).toEqual(["tracestate: wire=newrev.1"]);
  expect(state(host, "a=1,190@nr=0-0,a=2,aa=3")).toEqual(["tracestate: wire=newrev.1,a=1,190@nr=0-0,aa=3"]);
  expect(state(host, `a=${long},b=${long},c=3`)).toEqual([`tracestate: wire=newrev.1,a=${long},c=3`]);
  const fits = `b=${"x".repeat(512 - "wire=newrev.1,".length - long.length - "a=,b=".length)}`;
  expect(state(host, `a=${long},${fits}x,c=3`)).toEqual([`tracestate: wire=newrev.1,a=${long},c=3`]);
  expect(state(host, `a=${long},${fits}`)).toEqual([`tracestate: wire=newrev.1,a=${long},${fits}`]);
  const [tenant, system] = ["t".repeat(241), "s".repeat(14)];
  expect(state(host, `${tenant}@${system}=1`)).toEqual([`tracestate: wire=newrev.1,${tenant}@${system}=1`]);
  for (const bad of [`t${tenant}@s=1`, `t@${system}s=1`, "_t@s=1"])
    expect(state(host, bad)).toEqual(["tracestate: wire=newrev.1"]);
  // Where paths begin without a state, too.
  const stateless = start("@outside\t*\n@stamp\tnewrev\t1\t1>2\n");
  expect(state(stateless, "\u00a0wire=newrev.1,a=1")).toEqual(["tracestate: a=1"]);
});

test("nobody outside says a state in baggage that libraries decode, or has them drop the baggage", () => {
  const host = start(`@outside\t*\n${entry}`, { header: "baggage\tlist" });
  const left = (baggage: string): readonly string[] => seen(host, [["baggage", baggage]]);
  const good = "user=J%C3%BCrgen%20K;secret; p = 1 ,$-.^_`|~!#&'*9 = (<>?@[]{}:/=,empty=";
  expect(left(good)).toEqual([`baggage: wire=newrev.1,${good.replace(" ,", ",")}`]);
  for (const bad of [
    "%77ire=newrev.5",
    "+wire=newrev.5",
    "WIRE=newrev.5",
    "\u00a0wire=newrev.5",
    "bad",
    "=1",
    "a b=1",
    "a=b c",
    'a="b"',
    "a=\\",
    "a=\u00e9",
    "a=%zz",
    "a=%4",
    "a=%ff",
    "a=1;",
    "a=1;=2",
    "a=1;b=%zz",
    "a(=1",
  ])
    expect(left(`b=2,${bad},c=3`)).toEqual(["baggage: wire=newrev.1,b=2,c=3"]);
  const long = "x".repeat(5000);
  expect(left(`a=${long},b=${long},c=3`)).toEqual(["baggage: wire=newrev.1,c=3"]);
  const less = "x".repeat(4094);
  expect(left(`a=${less},b=${less},c=3`)).toEqual([`baggage: wire=newrev.1,a=${less},c=3`]);
  const many = Array.from({ length: 70 }, (_, i) => `k${i}=1`);
  expect(left(many.join())).toEqual([`baggage: wire=newrev.1,${many.slice(0, 63).join()}`]);
  const stateless = start("@outside\t*\n@stamp\tnewrev\t1\t1>2\n", { header: "baggage\tlist" });
  expect(seen(stateless, [["baggage", "%77ire=newrev.5"]])).toEqual([]);
  expect(seen(stateless, [["baggage", "a=1,%77ire=newrev.5"]])).toEqual(["baggage: a=1"]);
  // What services say themselves stays as they say it.
  expect(
    seen(start(inside, { header: "baggage\tlist" }), [["baggage", `wire=newrev.1,a=b c,${many.join()}`]]),
  ).toEqual([`baggage: wire=newrev.2,a=b c,${many.join()}`]);
});

test("in baggage the properties of others stay with them", () => {
  const host = start(inside, { header: "baggage\tlist" });
  expect(seen(host, [["baggage", "user=7;secret, wire=newrev.1;p=1 ,x=y"]])).toEqual([
    "baggage: wire=newrev.2,user=7;secret,x=y",
  ]);
});

test("a header of its own is all state", () => {
  const host = start(inside, { header: "x-path\twhole" });
  expect(seen(host, [["x-path", " newrev.1 "]])).toEqual(["x-path: newrev.2"]);
  expect(
    seen(host, [
      ["x-path", "newrev.1"],
      ["x-path", "newrev.1"],
    ]),
  ).toEqual(["x-path: newrev.2"]);
  expect(
    seen(host, [
      ["x-path", "newrev.1"],
      ["x-path", "newrev.12"],
    ]),
  ).toEqual([]);
  expect(seen(host, [["x-path", "wire=newrev.1"]])).toEqual([]);
});

test("nobody outside says a state in a header that applications take for that one", () => {
  const forged = ["x_my-path", "x-my_path", "x_my_path"].map((name) => [name, "newrev.2"] as const);
  const others = ["x-my-path-", "x.my-path", "x-my-pat_"].map((name) => [name, "1"] as const);
  const left = others.map(([name, value]) => `${name}: ${value}`);
  const from = (facts: string, header = "x-my-path"): readonly string[] =>
    [...seen(start(facts, { header: `${header}\twhole` }), [...forged, ...others])].sort();
  expect(from(`@outside\t*\n${entry}`)).toEqual([...left, "x-my-path: newrev.1"].sort());
  expect(from(`@outside\t*\n${entry}`, "x_my-path")).toEqual([...left, "x_my-path: newrev.1"].sort());
  expect(from("@outside\t*\n@stamp\tnewrev\t1\t1>2\n")).toEqual([...left].sort());
  // What services say themselves stays.
  expect(from(inside)).toHaveLength(forged.length + others.length);
});

test("a service that makes requests by itself begins their paths, and passes on those that it was sent", () => {
  const host = start("@begin\tnewrev\n@stamp\tnewrev\t5\t=\n", { isOutbound: true });
  expect(state(host)).toEqual(["tracestate: wire=newrev.5"]);
  for (const passed of ["a=1,wire=newrev.2", "wire=newrev.2,wire=newrev.3", "wire=other1.2", "wire="])
    expect(state(host, passed)).toEqual([`tracestate: ${passed}`]);
});

test("what has lost its state on the way to an origin is none of the origin's own", () => {
  const into = start(`${inside}@begin\tnewrev\n`, { isOrigin: true });
  const from = start("@begin\tnewrev\n@stamp\tnewrev\t5\t=\n", { isOutbound: true });
  const through = (...values: readonly string[]): readonly string[] => {
    const headers = state(into, ...values);
    expect(state(from, ...headers.map((each) => each.replace("tracestate: ", "")))).toEqual(headers);
    return headers;
  };
  expect(through("wire=newrev.1")).toEqual(["tracestate: wire=newrev.2"]);
  // Of no revision, or of one that says more of it.
  expect(through()).toEqual(["tracestate: wire=-.0"]);
  expect(through("a=1")).toEqual(["tracestate: wire=-.0,a=1"]);
  for (const lost of ["wire=other1.1", "wire=newrev", "wire=newrev.1,wire=newrev.12", "wire=-.0"])
    expect(through(lost)).toEqual(["tracestate: wire=-.0"]);
  expect(through("wire=newrev.9")).toEqual(["tracestate: wire=newrev.0"]);
  expect(through("wire=lost.full")).toEqual(["tracestate: wire=lost.full"]);
  // Behind it the next one says what it says of others.
  for (const before of ["wire=-.0", "wire=newrev.0"]) expect(state(start(inside), before)).toEqual([]);
});
