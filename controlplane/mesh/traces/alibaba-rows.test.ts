import { describe, expect, test } from "vitest";
import { alibabaRows } from "./alibaba-rows.ts";
import { createObservations } from "./observations.ts";

const header = "timestamp,traceid,rpcid,um,rpctype,interface,dm,rt";

function read(rows: readonly string[], columns = header) {
  const observations = createObservations();
  const reader = alibabaRows(columns.split(","), observations);
  if (typeof reader !== "function") return { reader };
  return { faults: rows.map((row) => reader(row.split(","))), observed: observations.result() };
}

describe("alibabaRows", () => {
  test("a remote call is written down at both ends, and one of them may be missing", () => {
    const { faults, observed } = read([
      "0,t,0.1,a,rpc,i,b,13",
      "0,t,0.1,a,rpc,i,b,-12",
      "1000,t,0.2,a,rpc,i,b,-9",
      "2000,t,0.3,a,RPC,i,b,-9",
    ]);
    expect(faults).toEqual([undefined, undefined, undefined, undefined]);
    expect(observed?.calls).toEqual([{ from: "a", to: "b", count: 3, perSecond: 1.5, clocks: 1 }]);
    expect(observed?.seconds).toBe(2);
  });

  test("by type of call, how a service is reached", () => {
    const { observed } = read(
      ["rpc", "http", "mq", "db", "mc"].map((type, index) => `${index},t,0.1,a,${type},i,${type}-one,1`),
    );
    expect([...(observed?.services.values() ?? [])].slice(1).map(({ protocol }) => protocol)).toEqual([
      "grpc",
      "http",
      "tcp",
      "tcp",
      "tcp",
    ]);
  });

  test("the first call of a trace comes from outside when nobody made it", () => {
    const { observed } = read(["0,t,0,(?),http,i,a,5", "1,t,0,USER,http,i,a,5", "2,t,0.1,(?),rpc,i,b,5"]);
    expect(observed?.services.get("a")?.fromOutside.count).toBe(2);
    expect(observed?.services.has("b")).toBe(false);
  });

  test.each([
    ["x,t,0.1,a,rpc,i,b,1", "`x` is no `timestamp`"],
    ["0,t,0.1,a,rpc,i,b,MS_1", "`MS_1` is no `rt`"],
    ["0,t,0.1,a,smoke,i,b,1", "`smoke` is no `rpctype`: there are rpc, http, mq, db and mc"],
    ["0,t,0.1,a,rpc,i,UNKNOWN,1", "nobody knows who was called"],
    ["0,t,0.1,,rpc,i,b,1", "nobody knows who called"],
  ])("%s: %s", (row, fault) => {
    const { faults, observed } = read([row]);
    expect(faults).toEqual([fault]);
    expect(observed?.services.size).toBe(0);
  });

  test("columns are found by name, with their instances", () => {
    const { observed } = read(
      ["0,rpc,a,a_0,b,b_0,1", "5,rpc,a,a_1,b,b_0,1", "6,rpc,a,UNKNOWN,b,,1"],
      "timestamp,rpc_type,um,uminstanceid,dm,dminstanceid,rt",
    );
    expect([...(observed?.services.values() ?? [])].map(({ instances }) => instances)).toEqual([2, 1]);
    expect(read([], "a,b").reader).toBeUndefined();
    expect(read([], "a,um,b").reader).toBe(
      "the first row has no `timestamp`, `dm`, `rpctype`, `rt`: it names the columns of Alibaba's call graphs",
    );
  });
});
