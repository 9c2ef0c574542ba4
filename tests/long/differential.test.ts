import { test } from "vitest";
import { huntUntil } from "../meaning/hunt-until.ts";

/** What ends a hang, and no measure: beside others it takes twice as long as alone. */
const msMax = 1_200_000;

test("compiled policies do what they mean, 20,000 times", { timeout: msMax + 120_000 }, () =>
  huntUntil({ pairsMin: 20_000, timesMin: 200, msMax }),
);
