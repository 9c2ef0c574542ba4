import { describe, expect, test } from "vitest";
import type { PlacementRecord } from "./placement-record.ts";
import { percentile, summary } from "./summary.ts";

function record(own: Partial<PlacementRecord>): PlacementRecord {
  return {
    ...{
      kind: "placement",
      application: "a",
      source: "traces",
      seed: 1,
      services: 4,
      replicas: 40,
      calls: 3,
    },
    ...{ requests: 100, drawnReplicas: 0, set: "p1", policies: 2, status: "optimal", ms: 1, proxies: 1 },
    ...{ tcpProxies: 0, servicesWithout: 3, replicasWithout: 10, leaves: 2, leafReplicas: 20 },
    ...{ commit: null, node: "24", cpu: "some", cores: 2, ...own },
  };
}

describe("summary", () => {
  test("by set, of all and by size; a mean is over applications, and beside it what all have together", () => {
    const rows = summary([
      record({}),
      record({ services: 9, replicas: 10, servicesWithout: 9, replicasWithout: 0, ms: 5 }),
      record({ set: "mixed", services: 100, servicesWithout: 50, status: "feasible" }),
    ]);
    expect(
      rows.map(({ set, size, placements, optimal }) => `${set} ${size} ${placements} ${optimal}`),
    ).toEqual(["p1 all 2 2", "p1 2-4 1 1", "p1 5-9 1 1", "mixed all 1 0", "mixed 80+ 1 0"]);
    expect(rows[0]).toMatchObject({
      ...{ services: 13, policies: 4, ms: { mean: 3, p95: 5, p99: 5, max: 5 } },
      servicesWithout: { mean: 0.875, p5: 0.75, p50: 0.75, p95: 1, together: 12 / 13 },
      replicasWithout: { mean: 0.125, p50: 0, together: 0.2 },
      leaves: { together: 4 / 13 },
      leafReplicas: { together: 0.8 },
    });
  });

  test("what has no placement counts as none, and not as without a proxy", () => {
    const none = { status: "none", proxies: null, servicesWithout: null, replicasWithout: null } as const;
    const [both] = summary([record({}), record({ ...none, ms: 9 })]);
    expect(both).toMatchObject({ placements: 2, none: 1, optimal: 1, ms: { max: 9 } });
    expect(both?.servicesWithout?.mean).toBe(0.75);
    const [only] = summary([record(none)]);
    expect(only).toMatchObject({ placements: 1, none: 1 });
    expect(only).not.toHaveProperty("servicesWithout");
    expect(summary([])).toEqual([]);
  });

  test("percentiles are values that are there", () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([5, 50, 95, 99, 100].map((percent) => percentile(values, percent))).toEqual([5, 50, 95, 99, 100]);
    expect([5, 50, 99].map((percent) => percentile([3, 1, 2], percent))).toEqual([1, 2, 3]);
    expect(percentile([], 50)).toBeNaN();
  });
});
