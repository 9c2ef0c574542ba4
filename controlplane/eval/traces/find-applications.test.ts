import { describe, expect, test } from "vitest";
import { alibabaCalls } from "../../mesh/traces/alibaba-rows.ts";
import { createApplicationFinder, type Found } from "./find-applications.ts";

const header = "timestamp,traceid,service,rpcid,um,rpctype,dm,rt";

/** Rows as `TRACE SERVICE RPCID UM -TYPE- DM [RT]`. */
function found(rows: readonly string[], limits: Parameters<typeof createApplicationFinder>[0] = {}): Found {
  const read = alibabaCalls(header.split(","), ["traceid", "rpcid"]);
  if (typeof read !== "function") throw new Error("these are the columns");
  const finder = createApplicationFinder(limits);
  for (const row of rows) {
    const [trace, service, rpcid, um, type, dm, rt = "1"] = row
      .split(" ")
      .map((word) => (word === "-" ? "" : word));
    const call = read(
      ["0", trace, service, rpcid, um, type?.replaceAll("-", ""), dm, rt].map((value) => value ?? ""),
    );
    if (typeof call === "string") throw new Error(call);
    finder.add(call);
  }
  return finder.finish();
}

const shown = ({ applications, lost }: Found) => ({
  lost,
  applications: applications.map(({ name, entry, requests, observed }) => ({
    ...{ name, entry, requests },
    calls: observed.calls.map(({ from, to, count }) => `${from} ${to} ${count}`).sort(),
  })),
});

describe("createApplicationFinder", () => {
  const trace = [
    "t - 0 (?) -http- a",
    "t - 0.1 a -rpc- b",
    "t - 0.1 a -rpc- b -1",
    "t - 0.1.1 b -mc- cache",
    "t - 0.2 a -rpc- c",
  ];

  test("what the requests into one service led to is one application, whatever else these services do", () => {
    const other = ["u - 0 (?) -http- b", "u - 0.1 b -db- store", "v - 0 USER -http- a", "v - 0.1 a -rpc- c"];
    expect(shown(found([...trace, ...other]))).toEqual({
      lost: 0,
      applications: [
        { name: "a", entry: "a", requests: 2, calls: ["a b 1", "a c 2", "b cache 1"] },
        { name: "b", entry: "b", requests: 1, calls: ["b store 1"] },
      ],
    });
  });

  test("the order of rows does not matter, nor do other traces between them", () => {
    const mixed = trace.flatMap((row, index) => [row, `w${index} - 0 (?) -http- z`]).reverse();
    const { applications } = shown(found(mixed));
    expect(applications[0]).toEqual(shown(found(trace)).applications[0]);
    expect(applications[1]).toMatchObject({ name: "z", requests: trace.length });
  });

  test("where the first row is missing, the calls that were made for it say who took the request", () => {
    expect(shown(found(trace.slice(1)))).toMatchObject({
      lost: 0,
      applications: [{ name: "a", entry: "a", requests: 0, calls: ["a b 1", "a c 1", "b cache 1"] }],
    });
    // Of this one nobody knows by whose request it was made.
    expect(shown(found(["t - 0.1.1 b -mc- cache"]))).toEqual({ lost: 1, applications: [] });
    expect(shown(found([" - 0.1 a -rpc- b"]))).toEqual({ lost: 1, applications: [] });
  });

  test("a request is one, though caller and callee write it down, and whoever made it", () => {
    const rows = ["t - 0 job -rpc- a 2", "t - 0 job -rpc- a -1", "u - 0 job -rpc- a 2", "u - 0.1 a -rpc- b"];
    expect(shown(found(rows)).applications).toEqual([
      { name: "a", entry: "a", requests: 2, calls: ["a b 1"] },
    ]);
  });

  test("where rows name an online service, that is the application, and most requests say its entry", () => {
    const rows = [
      "t S_1 0 USER -http- a",
      "u S_1 0.1 a -rpc- b",
      "v S_2 0 USER -http- a",
      "v S_2 0.1 a -rpc- c",
      "w S_1 0 USER -http- a",
      "x S_1 0 USER -http- other",
      "y S_3 0.1.1 b -rpc- c",
    ];
    expect(shown(found(rows))).toEqual({
      lost: 1,
      applications: [
        { name: "S_1", entry: "a", requests: 2, calls: ["a b 1"] },
        { name: "S_2", entry: "a", requests: 1, calls: ["a c 1"] },
      ],
    });
  });

  test("only so many traces and rows wait, and what is lost is counted", () => {
    const waiting = Array.from({ length: 10 }, (_, index) => `t${index} - 0.1.1 b -rpc- c`);
    const begun = Array.from({ length: 10 }, (_, index) => `t${index} - 0 USER -http- a`);
    const all = [...waiting, ...begun];
    expect(shown(found(all))).toMatchObject({ lost: 0, applications: [{ calls: ["b c 10"] }] });
    // The first six traces were forgotten; their first rows begin them again.
    for (const limit of [{ tracesMax: 4 }, { waitingMax: 4 }]) {
      const { lost, applications } = shown(found(all, limit));
      expect(lost).toBe(limit.tracesMax === undefined ? 6 : 10);
      expect(applications).toMatchObject([{ name: "a", requests: 10 }]);
    }
  });
});
