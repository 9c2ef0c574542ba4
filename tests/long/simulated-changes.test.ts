import { expect, test } from "vitest";
import { requestsMeetPoliciesOnce } from "../../controlplane/rollout/simulated-changes.test-helper.ts";

test("requests meet each policy exactly once over 20,000 random changes", async () => {
  const seed = Number(process.env["WIRE_SEED"] ?? Math.floor(Math.random() * 1e9));
  const changes = await requestsMeetPoliciesOnce({ seed, numRuns: 2_500, path: process.env["WIRE_PATH"] });
  expect(changes).toBeGreaterThanOrEqual(20_000);
});
