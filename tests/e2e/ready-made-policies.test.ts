import { expect, test } from "vitest";
import { buildPolicy } from "../../tools/build-policy.ts";
import { startFilter } from "./one-filter.ts";

// What the in-process host cannot say of the ready-made policies, in a real Envoy: each built to stand for itself.

test("request-size-guard: 413 by what is said and by what comes in chunks, and none of it is buffered", async () => {
  const bytes = await buildPolicy("request-size-guard", { limit: 8000 });
  await using filter = await startFilter({ bytes, address: "127.90.11.1" });
  const half = "x".repeat(4000);
  const within = await filter.send({ body: [half, half] });
  expect([within.status, within.headers["x-got"]?.length]).toEqual([200, 8000]);
  expect((await filter.send({ body: [half, half, "x"] })).status).toBe(413);
  // In one piece it comes to the filter in several.
  expect((await filter.send({ body: ["x".repeat(500_000)] })).status).toBe(413);
  const said = (length: number, body: readonly string[]) =>
    filter.send({ headers: { "content-length": String(length) }, body });
  expect((await said(8000, [half, half])).status).toBe(200);
  expect((await said(8001, [half])).status).toBe(413);
  expect(await filter.send({})).toMatchObject({ status: 200, headers: { "x-got": "" } });
});
