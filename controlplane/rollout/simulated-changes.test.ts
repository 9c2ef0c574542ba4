import { expect, test } from "vitest";
import { seedOr } from "../../tests/seed.ts";
import { requestsMeetPoliciesOnce } from "./simulated-changes.test-helper.ts";

test("requests meet each policy exactly once over random changes", { timeout: 300_000 }, async () => {
  const seed = seedOr(1);
  expect(
    await requestsMeetPoliciesOnce({ seed, numRuns: 60, path: process.env["WIRE_PATH"] }),
  ).toBeGreaterThan(200);
});

test("so they do where changes come in waves, and go back", { timeout: 300_000 }, async () => {
  const seed = seedOr(1);
  expect(
    await requestsMeetPoliciesOnce({ seed, numRuns: 60, path: process.env["WIRE_PATH"], staged: true }),
  ).toBeGreaterThan(2);
});

test("so they do while proxies are away, and go on with what they had", { timeout: 300_000 }, async () => {
  const seed = seedOr(1);
  expect(
    await requestsMeetPoliciesOnce({ seed, numRuns: 70, path: process.env["WIRE_PATH"], leaving: true }),
  ).toBeGreaterThan(8);
});
