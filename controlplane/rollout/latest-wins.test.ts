import { expect, test } from "vitest";
import { latestWins, type Turn } from "./latest-wins.ts";

/** Work that ends when the test says so. */
function work(log: string[], name: string) {
  const { promise, resolve } = Promise.withResolvers<Turn>();
  return {
    end: resolve,
    run: (replaced: AbortSignal) => {
      log.push(name);
      replaced.addEventListener("abort", () => log.push(`${name} may stop`));
      return promise;
    },
  };
}

test("of what waits only the newest runs, and the running one is told", async () => {
  const log: string[] = [];
  const inTurn = latestWins();
  const [a, b, c] = [work(log, "a"), work(log, "b"), work(log, "c")];
  const turns = [inTurn(a.run), inTurn(b.run), inTurn(c.run)];
  expect(log).toEqual(["a", "a may stop"]);
  a.end("done");
  c.end("done");
  expect(await Promise.all(turns)).toEqual(["done", "replaced", "done"]);
  expect(log).toEqual(["a", "a may stop", "c"]);
});

test("work that fails makes room for the next", async () => {
  const inTurn = latestWins();
  await expect(inTurn(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await inTurn(async () => "done")).toBe("done");
});
