import { expect, test } from "vitest";
import { requestsAreJudgedOnce } from "../paths/changes.ts";

test("requests are judged once, as something says that was in force, over hundreds of random changes of contexts", async () => {
  const seed = Number(process.env["WIRE_SEED"] ?? Math.floor(Math.random() * 1e9));
  const path = process.env["WIRE_PATH"];
  const { changes, overtaken } = await requestsAreJudgedOnce({ seed, path, numRuns: 1_500 });
  expect(changes).toBeGreaterThan(400);
  expect(overtaken).toBeGreaterThan(100);
});
