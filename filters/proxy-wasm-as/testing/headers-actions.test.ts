import { expect, test } from "vitest";
import { assemble } from "../build/assemble.ts";
import { type ActionModule, actionModule, audited, enforced } from "./action-module.test-helper.ts";
import { createHost, type Host } from "./index.ts";

const imports = {
  "actions/headers": "addHeader, getHeader, getHeaders, hasHeader, removeHeader, setHeader",
};

async function hostOf(module: Omit<ActionModule, "imports">, configuration = enforced): Promise<Host> {
  const { bytes = new Uint8Array(), stderr } = await assemble({
    entry: actionModule({ imports, ...module }),
  });
  expect(stderr).toBe("");
  return createHost(bytes, { configuration });
}

const reads = `show(getHeader(b"a")); show(getHeaders(b"a")); show(getHeaders(b"one")); show(getHeaders(b"none"));
  show(getHeader(b"none")); show(getHeader(b"empty"));
  number(hasHeader(b"a")); number(hasHeader(b"none")); number(hasHeader(b"empty")); number(hasHeader(b"a", b"3"));
  number(hasHeader(b"a", b"4")); number(hasHeader(b"empty", b"")); number(hasHeader(b"none", b""));`;
const headers = [
  ["A", "1"],
  ["one", "x"],
  ["a", ""],
  ["a", "3"],
  ["empty", ""],
] as const;
const read = ["1", "1,,3", "x", "-", "-", "", "1", "0", "1", "1", "0", "1", "0"];

test("headers are read one or all, and absent is not empty: of the request, and of the response", async () => {
  const host = await hostOf({ request: reads, response: reads });
  expect(host.request({ headers }).logs.map(({ message }) => message)).toEqual(read);
  const { logs } = host.exchange({ response: { headers } });
  expect(logs.slice(read.length).map(({ message }) => message)).toEqual(read);
  expect(host.failure).toBeNull();
});

const writes = `getHeaders(b"a"); setHeader(b"a", b"new"); addHeader(b"one", b"y"); removeHeader(b"empty"); removeHeader(b"none");
  addHeader(b"bad", b"x\\r\\ny"); addHeader(b"b d", b"x"); setHeader(b"bad2", b"x\\u0000y"); show(getHeaders(b"one"));`;
const written = [
  ["one", "x"],
  ["a", "new"],
  ["one", "y"],
  ["bad2", ""],
];

test("headers are set, added and removed: of the request, and of the response", async () => {
  const host = await hostOf({ request: writes, response: writes });
  const { requestHeaders, response, logs } = host.exchange({ headers, response: { headers } });
  expect(requestHeaders).toEqual(written);
  expect(response?.headers).toEqual(written);
  expect(logs.map(({ message }) => message)).toEqual(["x,y", "x,y"]);
});

test("an audited policy changes no header and is counted", async () => {
  const host = await hostOf({ request: writes, response: writes }, audited);
  const { requestHeaders, response } = host.exchange({ headers, response: { headers } });
  expect(requestHeaders).toEqual(headers.map(([name, value]) => [name.toLowerCase(), value]));
  expect(response?.headers).toEqual(headers.map(([name, value]) => [name.toLowerCase(), value]));
  expect(host.metrics.get("wire.audit.p")).toBe(2);
});
