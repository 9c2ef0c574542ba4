import { expect, test } from "vitest";
import { findingsAreConfirmed, ordersAreFound } from "../meaning/conflict-properties.ts";

test("3,000 sets of policies: where an order matters and no priority gives it, there is a finding", () => {
  ordersAreFound(3_000);
});

test("4,500 sets of policies: every finding, of every kind, is confirmed by what the policies mean", () => {
  expect(findingsAreConfirmed(4_500)).toEqual([
    "admits-nothing",
    "allows-apart",
    "contradiction",
    "dead",
    "dead by a route",
    "order",
    "shadowed",
  ]);
});
