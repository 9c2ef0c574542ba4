import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createAdmission } from "./admission.ts";
import { createTokenBucket } from "./token-bucket.ts";

test("so many at once, and so many a second from then on", () => {
  const bucket = createTokenBucket({ perSecond: 10, burst: 2 });
  expect([bucket.take(0), bucket.take(0), bucket.take(0)]).toEqual([true, true, false]);
  expect(bucket.waitMs(0)).toBe(100);
  expect([bucket.take(99), bucket.take(100), bucket.take(100)]).toEqual([false, true, false]);
  // It is never fuller than full.
  expect([bucket.take(9_000), bucket.take(9_000), bucket.take(9_000)]).toEqual([true, true, false]);
});

test("who waits is let in later, those with nothing first, and who has left not at all", async () => {
  const admitted: string[] = [];
  const admission = createAdmission<string>({ perSecond: 100, burst: 1 }, (key) => admitted.push(key));
  admission.add("first", false);
  for (const key of ["old-1", "old-2"]) admission.add(key, false);
  for (const key of ["new-1", "gone", "new-2"]) admission.add(key, true);
  admission.delete("gone");
  expect(admitted).toEqual(["first"]);
  for (let turn = 0; turn < 200 && admitted.length < 5; turn++) await sleep(5);
  admission.stop();
  expect(admitted).toEqual(["first", "new-1", "new-2", "old-1", "old-2"]);
});
