import { expect, test } from "vitest";
import type { PlacedPolicy, Placement } from "../placement/placement.ts";
import { bridgePlacement } from "./bridge.ts";

function placement(proxies: Readonly<Record<string, readonly PlacedPolicy[]>>): Placement {
  return {
    status: "optimal",
    cost: 0,
    bound: 0,
    unmatched: [],
    proxies: Object.entries(proxies).map(([service, policies]) => ({
      service,
      dataplane: "envoy",
      stamps: false,
      policies,
    })),
  };
}

const toRate = ["search", "rate"] as const;
const toGeo = ["search", "geo"] as const;

test("what moves is enforced at both places, under the new heading", () => {
  const from = placement({ rate: [{ policy: "p", side: "ingress", section: "ingress", calls: [toRate] }] });
  const to = placement({ search: [{ policy: "p", side: "egress", section: "either", calls: [toRate] }] });
  expect(bridgePlacement(from, to, ["p"])).toEqual(
    placement({
      rate: [{ policy: "p", side: "ingress", section: "either", calls: [toRate] }],
      search: [{ policy: "p", side: "egress", section: "either", calls: [toRate] }],
    }),
  );
});

test("only the calls that move are kept at the old place, in the order of enforcement", () => {
  const from = placement({
    search: [
      { policy: "p", side: "egress", section: "either", calls: [toRate, toGeo] },
      { policy: "q", side: "egress", section: "either", calls: [toRate] },
    ],
  });
  const to = placement({
    rate: [{ policy: "p", side: "ingress", section: "either", calls: [toRate] }],
    search: [
      { policy: "p", side: "egress", section: "either", calls: [toGeo] },
      { policy: "q", side: "egress", section: "either", calls: [toRate] },
    ],
  });
  expect(bridgePlacement(from, to, ["p", "q"])).toEqual(
    placement({
      rate: [{ policy: "p", side: "ingress", section: "either", calls: [toRate] }],
      search: [
        { policy: "p", side: "egress", section: "either", calls: [toGeo, toRate] },
        { policy: "q", side: "egress", section: "either", calls: [toRate] },
      ],
    }),
  );
});

test("what is no longer enforced is not kept", () => {
  const from = placement({ rate: [{ policy: "p", side: "ingress", section: "ingress", calls: [toRate] }] });
  const to = placement({ geo: [{ policy: "p", side: "ingress", section: "ingress", calls: [toGeo] }] });
  expect(bridgePlacement(from, to, ["p"])).toEqual(to);
});
