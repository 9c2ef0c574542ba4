import { expect, test } from "vitest";
import type { Placement } from "../placement/placement.ts";
import { observe } from "./observe.ts";

const placement: Placement = {
  status: "optimal",
  cost: 1,
  bound: 1,
  unmatched: [],
  proxies: [
    {
      service: "rate",
      dataplane: "envoy",
      stamps: false,
      policies: [{ policy: "mark", side: "ingress", section: "ingress", calls: [["frontend", "rate"]] }],
    },
  ],
};

test("effects are told by policy, and what no policy covers is told apart", () => {
  const seen = observe();
  for (const critical of [["true"], []]) {
    seen.add({
      service: "frontend",
      status: 200,
      headers: { host: ["frontend"] },
      calls: [
        { service: "rate", status: 200, version: "v2", headers: { "x-canary": ["true"], critical } },
        { service: "geo", status: 200, headers: { critical } },
        { service: "user", status: 200, version: "v1" },
      ],
    });
  }
  expect(seen.requests).toBe(2);
  expect(seen.lines(placement)).toEqual([
    "mark:",
    "  frontend -> rate         2 requests: critical: true in 1, version v2 in 2",
    "not placed there: frontend -> geo 2 requests: critical: true in 1",
    "no policy: 2 other calls, as they were sent (outside -> frontend, frontend -> user)",
  ]);
});

test("a denied call has no visit below it, and a call without requests is said", () => {
  const seen = observe();
  seen.add({ service: "frontend", status: 200, calls: [{ service: "rate", status: 403, body: "no" }] });
  expect(seen.lines(placement)[1]).toContain("answered 403 in 1");
  expect(observe().lines(placement)[1]).toContain("no request");
});
