import { expect, test } from "vitest";
import { assemble } from "../build/assemble.ts";
import { type ActionModule, actionModule, audited, enforced } from "./action-module.test-helper.ts";
import { createHost, type Host, type HostOptions } from "./index.ts";

const imports = {
  "actions/headers": "getHeader",
  "actions/telemetry": "count, getStatus, histogram, isRequestStatus, log, tagAccessLog",
};

async function hostOf(module: Omit<ActionModule, "imports">, options: HostOptions = {}): Promise<Host> {
  const { bytes = new Uint8Array(), stderr } = await assemble({
    entry: actionModule({ imports, rest: "const ids: usize = memory.data(16);", ...module }),
  });
  expect(stderr).toBe("");
  return createHost(bytes, { configuration: enforced, ...options });
}

const acts = `count(ids, b"hits", 2); count(ids, b"hits", 0); count(ids, b"hits", -1); histogram(ids + 4, b"size", 7); histogram(ids + 4, b"size", -7);
  histogram(ids + 12, b"hits", 1); log(b"one\\ntwo\\u007f", 3); log(getHeader(b"none"), 2); tagAccessLog(b"who", getHeader(b"a"));`;

test("metrics are made once for each worker and name, and kept for all", async () => {
  const host = await hostOf(
    { request: `${acts} count(ids, b"hits", 1);`, response: 'count(ids + 8, b"answers", 1);' },
    { workers: 2 },
  );
  const results = Array.from({ length: 4 }, () => host.exchange({ headers: [["a", "b\tc"]] }));
  expect(host.failure).toBeNull();
  expect(Object.fromEntries(host.metrics)).toMatchObject({ "wire.size": 8, "wire.answers": 4 });
  expect(host.histograms.get("wire.size")).toEqual([7, 0, 7, 0, 7, 0, 7, 0]);
  const made = results.map(({ calls }) => calls.filter((call) => call === "define_metric").length);
  expect(made).toEqual([4, 4, 0, 0]);
  expect(results[0]?.logs).toEqual([
    { level: 3, message: "one two " },
    { level: 2, message: "" },
  ]);
  expect([...(results[0]?.filterState ?? [])]).toEqual([["wasm.wire.tag.who", "b c"]]);
});

test("counters add up, and a counter and a histogram of one name are two metrics", async () => {
  const host = await hostOf({ request: 'count(ids, b"n", 9007199254740991); histogram(ids + 4, b"h", 3);' });
  host.request({});
  expect(Object.fromEntries(host.metrics)).toEqual({ "wire.n": 9007199254740991, "wire.h": 1 });
});

test("an audited policy counts, records, logs and tags nothing", async () => {
  const host = await hostOf({ request: acts }, { configuration: audited });
  const { logs, filterState } = host.request({});
  expect(Object.fromEntries(host.metrics)).toEqual({ "wire.audit.p": 1 });
  expect(logs).toEqual([]);
  expect(filterState.size).toBe(0);
});

test("the status of a response, and whether it failed", async () => {
  const host = await hostOf({
    response: "number(getStatus()); number(isRequestStatus(true)); number(isRequestStatus(false));",
  });
  const ask = (status: number, headers: readonly (readonly [string, string])[] = []): string =>
    host
      .exchange({ response: { status, headers } })
      .logs.map(({ message }) => message)
      .join(" ");
  expect(ask(200)).toBe("200 0 1");
  expect(ask(499)).toBe("499 0 1");
  expect(ask(500)).toBe("500 1 0");
  expect(ask(200, [["grpc-status", "0"]])).toBe("200 0 1");
  expect(ask(200, [["grpc-status", "14"]])).toBe("200 1 0");
});
