import { expect, test } from "vitest";
import { replicasAgree } from "../../controlplane/server/replicas-agree.test-helper.ts";
import { routesLeadSomewhere } from "../../controlplane/server/routes-lead-somewhere.test-helper.ts";
import { seedOr } from "../seed.ts";

const seed = seedOr();

test("a simulated Envoy meets no route to nowhere over 20,000 changes", async () => {
  expect(await routesLeadSomewhere({ seed, numRuns: 2_500 })).toBeGreaterThanOrEqual(20_000);
});

test("replicas come to the same over hundreds of refusals", async () => {
  expect(await replicasAgree({ seed, numRuns: 800 })).toBeGreaterThan(400);
});
