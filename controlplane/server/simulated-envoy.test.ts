import { expect, test } from "vitest";
import { seedOr } from "../../tests/seed.ts";
import { replicasAgree } from "./replicas-agree.test-helper.ts";
import { routesLeadSomewhere } from "./routes-lead-somewhere.test-helper.ts";

const seed = seedOr(1);

test("a simulated Envoy meets no route to nowhere", async () => {
  expect(await routesLeadSomewhere({ seed, numRuns: 400 })).toBeGreaterThan(2_000);
});

test("replicas come to the same", async () => {
  expect(await replicasAgree({ seed, numRuns: 80 })).toBeGreaterThan(40);
});
