import { expect, test } from "vitest";
import { seedOr } from "../../tests/seed.ts";
import { hasTheSnapshot } from "./has-the-snapshot.test-helper.ts";
import { saysTheSame } from "./says-the-same.test-helper.ts";

const seed = seedOr(1);
const path = process.env["WIRE_PATH"];

test("a server says the same whether it remembers what it has looked at or not", async () => {
  const { refused, ...looks } = await saysTheSame({ seed, numRuns: 1_000, path });
  expect(refused).toBeGreaterThan(20);
  for (const times of Object.values(looks)) expect(times).toBeGreaterThan(1_000);
});

test("a client that takes what it is sent has what its snapshot says in the end", () => {
  expect(hasTheSnapshot({ seed, numRuns: 700, path })).toBeGreaterThan(1_000);
});
