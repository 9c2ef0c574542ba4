import { expect, test } from "vitest";
import { placementsTable } from "./placements-table.ts";

test("a table of placements: times, and shares in percent", () => {
  const shares = { mean: 0.7736, p5: 0.5, p50: 0.857, p95: 0.9, together: 0.804 };
  const ms = { mean: 0.461, p95: 9.876, p99: 123.4, max: 500 };
  const common = { services: 40, policies: 21, ms, none: 0 };
  const lines = placementsTable([
    {
      ...{ ...common, set: "p1", size: "all", placements: 10, optimal: 10 },
      ...{ servicesWithout: shares, replicasWithout: { ...shares, mean: 1 } },
      ...{ leaves: { ...shares, together: 0.39 }, leafReplicas: { ...shares, together: 0.23 } },
    },
    { ...common, set: "p1p2", size: "80+", placements: 3, optimal: 2, none: 1 },
  ]);
  expect(lines.map((line) => line.replace(/ {2,}/g, "  "))).toEqual([
    "set  services  placed  policies  proved  ms  p95  p99  services without  p5  p50  p95  together  leaves  replicas without  p5  p50  p95  together  leaves",
    "p1  all  10  2.1  all  0.46  9.88  123  77.4 %  50.0 %  85.7 %  90.0 %  80.4 %  39.0 %  100.0 %  50.0 %  85.7 %  90.0 %  80.4 %  23.0 %",
    "p1p2  80+  3  7.0  2  0.46  9.88  123  -  -  -  -  -  -  -  -  -  -  -  -",
  ]);
});
