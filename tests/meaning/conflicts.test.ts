import { expect, test } from "vitest";
import { apartIsRefused, findingsAreConfirmed, ordersAreFound } from "./conflict-properties.ts";

test("where the order of two policies matters and no priority gives it, there is a finding", () => {
  ordersAreFound(250);
});

test("every finding is confirmed by what the policies mean", () => {
  expect(findingsAreConfirmed(500)).toContain("contradiction");
});

test("what headings keep apart is what cannot be placed", async () => {
  expect(await apartIsRefused(300)).toBeGreaterThan(0);
});
