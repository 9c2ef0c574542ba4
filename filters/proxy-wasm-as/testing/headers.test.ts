import { expect, test } from "vitest";
import { generateFilter } from "../../../controlplane/codegen/generate-filter.ts";
import { assemble } from "../build/assemble.ts";
import { createHost, type Header, type Host } from "./index.ts";

/** A host whose `onRequest` has this body. */
async function hostOf(body: string, mode = "enforce"): Promise<Host> {
  const code = `import { Request } from "proxy-wasm-as";
export function onRequest(request: Request): void { const headers = request.headers; ${body} }`;
  const { bytes = new Uint8Array(), stderr } = await assemble({
    entry: generateFilter({ name: "f", code }),
    files: { "policy.ts": code },
  });
  expect(stderr).toBe("");
  return createHost(bytes, { configuration: `f\toutbound\t*\t${mode}\n` });
}

/** Run it on a request with these headers. */
async function run(body: string, headers: readonly Header[] = [], mode = "enforce") {
  const host = await hostOf(body, mode);
  const result = host.request({ headers });
  expect(host.failure).toBeNull();
  return { ...result, metrics: host.metrics };
}

test("getAll gives every value in order, whatever the case of the name", async () => {
  const headers = [
    ["X-A", "1"],
    ["other", "no"],
    ["x-a", ""],
    ["x-A", "3"],
  ] as const;
  const { requestHeaders } = await run(
    'headers.set("seen", headers.getAll("x-A").join("|")); headers.set("none", headers.getAll("y").length.toString());',
    headers,
  );
  expect(requestHeaders).toContainEqual(["seen", "1||3"]);
  expect(requestHeaders).toContainEqual(["none", "0"]);
});

test("getAll sees what was changed before", async () => {
  const { requestHeaders } = await run(
    'headers.getAll("a"); headers.add("a", "2"); headers.set("seen", headers.getAll("a").join("|")); headers.remove("a"); headers.set("none", headers.getAll("a").length.toString());',
    [["a", "1"]],
  );
  expect(requestHeaders).toEqual([
    ["seen", "1|2"],
    ["none", "0"],
  ]);
});

test("set replaces all values, add keeps them, remove takes all", async () => {
  const headers = [
    ["a", "1"],
    ["a", "2"],
    ["b", "1"],
    ["c", "1"],
    ["c", "2"],
  ] as const;
  const { requestHeaders } = await run(
    'headers.set("A", "new"); headers.add("B", "2"); headers.remove("C"); headers.remove("absent");',
    headers,
  );
  expect(requestHeaders).toEqual([
    ["b", "1"],
    ["a", "new"],
    ["b", "2"],
  ]);
});

test("no CR, LF or NUL gets into a header: set writes an empty value, add nothing", async () => {
  const host = await hostOf(
    `const value = "x" + String.fromCharCode(I32.parseInt(headers.get("bad")!)) + "y";
    headers.set("result", headers.set("a", value).toString() + headers.add("b", value).toString());`,
  );
  for (const bad of ["\r", "\n", "\0"]) {
    const code = ["bad", String(bad.charCodeAt(0))] as const;
    const { requestHeaders } = host.request({ headers: [code, ["a", "old"]] });
    expect(requestHeaders).toEqual([code, ["a", ""], ["result", "22"]]);
  }
});

test("what cannot be a header's name is not written", async () => {
  const tried = ["", "a b", "a:b", ":", "a\\r", "ä"].map(
    (bad) => `assert(headers.set("${bad}", "1") == 2); assert(headers.add("${bad}", "1") == 2);`,
  );
  const { calls } = await run(tried.join("\n"));
  expect(calls).toEqual([]);
  const { requestHeaders } = await run('assert(headers.set(":path", "/new") == 0);');
  expect(requestHeaders).toEqual([[":path", "/new"]]);
});

test("bytes that are not UTF-8 pass untouched, and reading them does not trap", async () => {
  const raw = Uint8Array.from([0xff, 0x61, 0xc3]);
  const { requestHeaderBytes } = await run('headers.set("length", headers.get("raw")!.length.toString());', [
    ["raw", raw],
  ]);
  expect(requestHeaderBytes.find(([name]) => name === "raw")?.[1]).toEqual(raw);
  expect(requestHeaderBytes.some(([name]) => name === "length")).toBe(true);
});

test("audit mode reads and changes nothing, and counts the request once", async () => {
  const body = `assert(headers.set("a", "2") == 0); assert(headers.add("a", "3") == 0); headers.remove("b");
    assert(headers.get("b") == "1"); assert(headers.set("a", "\\r") == 2); request.deny(403, "no");`;
  const headers = [
    ["a", "1"],
    ["b", "1"],
  ] as const;
  const { requestHeaders, localReply, metrics } = await run(body, headers, "audit");
  expect([...metrics]).toEqual([["wire.audit.f", 1]]);
  expect([...(await run('headers.get("a");', headers, "audit")).metrics]).toEqual([["wire.audit.f", 0]]);
  expect(requestHeaders).toEqual(headers);
  expect(localReply).toBeUndefined();
});

test("what proxies write is not a filter's to write", async () => {
  const names = ["X-Wire-Version", "x-wire-", "Transfer-Encoding", "te"];
  const tried = names.map(
    (name) =>
      `if (headers.set("${name}", "1") == 0 || headers.add("${name}", "1") == 0) headers.set("written", "${name}"); headers.remove("${name}");`,
  );
  const sent = names.map((name) => [name.toLowerCase(), "0"] as const);
  const { requestHeaders } = await run(`${tried.join("")} headers.set("x-wired", "1");`, sent);
  expect(requestHeaders).toEqual([...sent, ["x-wired", "1"]]);
});

test("a status that is none denies all the same", async () => {
  const host = await hostOf('request.deny(I32.parseInt(headers.get("status")!), "no");');
  for (const [status, answered] of [
    [0, 403],
    [199, 403],
    [200, 200],
    [599, 599],
    [600, 403],
    [99_999, 403],
  ]) {
    const { localReply } = host.request({ headers: [["status", String(status)]] });
    expect(localReply).toMatchObject({ status: answered });
  }
});

test("a tag of the access log is in one line, and an audited filter adds none", async () => {
  const body = 'request.tagAccessLog("who", "a"); request.tagAccessLog("who", "b\\nc");';
  expect([...(await run(body)).filterState]).toEqual([["wasm.wire.tag.who", "b c"]]);
  const audited = await run(body, [], "audit");
  expect(audited.filterState.size).toBe(0);
  expect(audited.metrics.get("wire.audit.f")).toBe(1);
});
