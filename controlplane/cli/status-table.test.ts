import { expect, test } from "vitest";
import { typeUrl } from "../xds/type-url.ts";
import { type StatusReport, statusTable } from "./status-table.ts";

test("a line for each proxy says how much of each kind it has taken, and then what it refuses", () => {
  const type = typeUrl.cluster;
  const table = statusTable({
    settled: false,
    revision: { inForce: 2, newest: 3, rejected: null },
    wave: { wave: 1, of: 3, proxies: ["rate", "frontend"] },
    off: [
      { policy: "hot-path", exists: true },
      { policy: "old", exists: false },
    ],
    lost: [
      {
        ...{ policy: "gate", caller: "geo", proxy: "rate", requests: 2, suspects: ["geo"] },
        ...{ since: "2026-11-30T06:40:01.000Z", last: "2026-11-30T06:41:00.000Z" },
      },
    ],
    stateHeader: "baggage",
    proxies: [
      {
        ...{ service: "rate", connected: true, left: false, settled: true },
        receipt: {
          ...{ service: "rate", connected: true, given: 3, refused: [] },
          ...{ sent: { revision: 3, time: "t" }, acknowledged: { revision: 3, time: "t" } },
          serving: { revision: 3, time: "t" },
        },
        resources: [
          { type, name: "geo", sent: "1", acked: "1" },
          { type: typeUrl.listener, name: "in", sent: "1", acked: "1" },
        ],
        refusals: [],
      },
      {
        ...{ service: "frontend", connected: true, left: false, settled: false },
        receipt: {
          ...{ service: "frontend", connected: true, given: 3, refused: ["no"] },
          serving: { revision: 2, time: "t" },
        },
        resources: [
          { type, name: "geo", sent: "2", acked: "1" },
          { type, name: "rate", sent: "1", acked: "1" },
          { type: typeUrl.extension, name: "hot", nacked: "7" },
        ],
        refusals: [
          {
            ...{ type: typeUrl.extension, name: "hot", version: "7", reason: "Unable to\ncreate it" },
            policies: [{ policy: "hot-path", file: "hot.cup", line: 3 }],
          },
          { type: typeUrl.listener, name: "in", version: "2", policies: [], reason: "in use" },
          { type: typeUrl.cluster, name: "old", policies: [], reason: "no" },
        ],
      },
      { service: "geo", connected: false, left: false, settled: false, resources: [], refusals: [] },
      { service: "user", connected: false, left: true, settled: false, resources: [], refusals: [] },
      { service: "goe", connected: true, left: false, settled: false, resources: [], refusals: [] },
    ],
  });
  expect(table).toEqual([
    "proxy     state          revision  clusters  endpoints  filters       listeners  routes",
    "rate      in force       3         1         0          0             1          0",
    "frontend  on its way     2 -> 3    1 of 2    0          0, 1 refused  0          0",
    "geo       not connected  -         0         0          0             0          0",
    "user      has left       -         0         0          0             0          0",
    "goe       not known      -         0         0          0             0          0",
    "frontend refuses hot (version 7), of policy `hot-path` (hot.cup:3): Unable to create it",
    "frontend refuses in (version 2): in use",
    "frontend keeps old: no",
    "`gate` has lost the path of 2 requests from geo from 2026-11-30T06:40:01.000Z to 2026-11-30T06:41:00.000Z in the proxy of rate: geo does not hand on `baggage`",
    "switched off: hot-path, old (there is no such policy now)",
    "wave 1 of 3, watched: rate, frontend",
    "the newest change is not in force yet (the newest revision is 3, in force is 2)",
  ]);
});

test.each([
  [true, { inForce: 3, newest: 3, rejected: null }, "the newest change is in force (revision 3)"],
  [false, { inForce: null, newest: null, rejected: null }, "the newest change is not in force yet"],
  [
    true,
    { inForce: 2, newest: 3, rejected: { revision: 3, reason: 'proxy "geo": Unable to\ncreate it' } },
    'the newest change (revision 3) is not taken, and revision 2 is in force: proxy "geo": Unable to create it',
  ],
  [
    false,
    { inForce: null, newest: 1, rejected: { revision: 1, reason: "no" } },
    "the newest change (revision 1) is not taken, and nothing is in force: no",
  ],
] as const)("settled %j and %j", (settled, revision, line) => {
  const report: StatusReport = { settled, revision, wave: null, off: [], proxies: [] };
  expect(statusTable(report).at(-1)).toBe(line);
});
