import { expect, test } from "vitest";
import { seedOr } from "../seed.ts";
import { requestsAreJudgedOnce } from "./changes.ts";

test("while contexts change, one change after another, a request is judged once, as one says that was in force meanwhile", async () => {
  const seed = seedOr(1);
  const path = process.env["WIRE_PATH"];
  const { changes, overtaken, steps, enforced, between, ordered, refused, admitted } =
    await requestsAreJudgedOnce({
      ...{ seed, path, numRuns: 200 },
    });
  expect(overtaken).toBeGreaterThanOrEqual(5);
  expect(steps).toBeGreaterThan(changes);
  expect(Math.min(enforced, between, refused, admitted)).toBeGreaterThan(100);
  expect(ordered).toBeGreaterThan(50);
});
