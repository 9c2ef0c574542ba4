import { expect, test } from "vitest";
import { hasTheSnapshot } from "../../controlplane/server/has-the-snapshot.test-helper.ts";
import { saysTheSame } from "../../controlplane/server/says-the-same.test-helper.ts";
import { seedOr } from "../seed.ts";

const seed = seedOr();
const path = process.env["WIRE_PATH"];

test("a server says the same whether it remembers what it has looked at or not, 12,000 times", async () => {
  const { refused, ...looks } = await saysTheSame({ seed, numRuns: 12_000, path });
  expect(refused).toBeGreaterThan(200);
  for (const times of Object.values(looks)) expect(times).toBeGreaterThan(10_000);
});

test("a client that takes what it is sent has what its snapshot says in the end, 10,000 times", () => {
  expect(hasTheSnapshot({ seed, numRuns: 10_000, path })).toBeGreaterThan(10_000);
});
