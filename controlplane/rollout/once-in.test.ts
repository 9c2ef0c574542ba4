import { expect, test } from "vitest";
import { onceIn } from "./once-in.ts";

test("each key is told of once in a while, however many there are", () => {
  let now = 0;
  const isDue = onceIn(10, () => now);
  expect(["a", "b", "a"].map(isDue)).toEqual([true, true, false]);
  now = 9;
  expect(isDue("a")).toBe(false);
  now = 10;
  expect(["a", "a"].map(isDue)).toEqual([true, false]);
  // So many others that it is forgotten, and not the one that came last.
  for (let other = 0; other < 1_000; other++) isDue(`${other}`);
  expect([isDue("999"), isDue("a")]).toEqual([false, true]);
});
