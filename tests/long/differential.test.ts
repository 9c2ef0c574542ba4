import { test } from "vitest";
import { huntUntil } from "../meaning/hunt-until.ts";

const msMax = 480_000;

test("compiled policies do what they mean, 20,000 times", { timeout: msMax + 120_000 }, () =>
  huntUntil({ pairsMin: 20_000, timesMin: 200, msMax }),
);
