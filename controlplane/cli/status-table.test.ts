import { expect, test } from "vitest";
import { typeUrl } from "../xds/type-url.ts";
import { statusTable } from "./status-table.ts";

test("a line for each proxy says how much of each kind it has taken, and then what it refuses", () => {
  const type = typeUrl.cluster;
  const table = statusTable({
    settled: false,
    revision: { inForce: 2, newest: 3 },
    wave: { wave: 1, of: 3, proxies: ["rate", "frontend"] },
    off: [
      { policy: "hot-path", exists: true },
      { policy: "old", exists: false },
    ],
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
          { type: typeUrl.extension, name: "hot-path", nacked: "7" },
        ],
      },
      { service: "geo", connected: false, left: false, settled: false, resources: [] },
      { service: "user", connected: false, left: true, settled: false, resources: [] },
      { service: "goe", connected: true, left: false, settled: false, resources: [] },
    ],
  });
  expect(table).toEqual([
    "proxy     state          revision  clusters  endpoints  filters       listeners  routes",
    "rate      in force       3         1         0          0             1          0",
    "frontend  on its way     2 -> 3    1 of 2    0          0, 1 refused  0          0",
    "geo       not connected  -         0         0          0             0          0",
    "user      has left       -         0         0          0             0          0",
    "goe       not known      -         0         0          0             0          0",
    "frontend refuses hot-path (version 7)",
    "switched off: hot-path, old (there is no such policy now)",
    "wave 1 of 3, watched: rate, frontend",
    "the newest change is not in force yet (the newest revision is 3, in force is 2)",
  ]);
});
