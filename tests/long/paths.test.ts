import { expect, test } from "vitest";
import { requestsAreJudgedOnce } from "../paths/changes.ts";
import { seedOr } from "../seed.ts";

test("requests are judged once, as something says that was in force, over hundreds of random changes of contexts", async () => {
  const seed = seedOr(301);
  const path = process.env["WIRE_PATH"];
  const { changes, overtaken } = await requestsAreJudgedOnce({ seed, path, numRuns: 900 });
  expect(changes).toBeGreaterThan(100);
  expect(overtaken).toBeGreaterThan(25);
});
