import { test } from "vitest";
import { huntUntil } from "./hunt-until.ts";

const msMax = 400_000;

// `tests/long/differential.test.ts` goes on for longer.
test("compiled policies do what they mean", { timeout: msMax + 60_000 }, () =>
  huntUntil({ pairsMin: 2_000, timesMin: 20, msMax }),
);
