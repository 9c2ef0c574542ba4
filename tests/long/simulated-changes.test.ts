import { expect, test } from "vitest";
import { requestsMeetPoliciesOnce } from "../../controlplane/rollout/simulated-changes.test-helper.ts";
import { seedOr } from "../seed.ts";

test("requests meet each policy exactly once over 20,000 random changes", async () => {
  const seed = seedOr();
  const changes = await requestsMeetPoliciesOnce({ seed, numRuns: 2_500, path: process.env["WIRE_PATH"] });
  expect(changes).toBeGreaterThanOrEqual(20_000);
});

test("so they do where changes come in waves, and go back", async () => {
  const seed = seedOr();
  const path = process.env["WIRE_PATH"];
  expect(await requestsMeetPoliciesOnce({ seed, numRuns: 300, path, staged: true })).toBeGreaterThan(6);
});

test("so they do while proxies are away, and go on with what they had", async () => {
  const seed = seedOr();
  const path = process.env["WIRE_PATH"];
  expect(await requestsMeetPoliciesOnce({ seed, numRuns: 300, path, leaving: true })).toBeGreaterThan(40);
});
