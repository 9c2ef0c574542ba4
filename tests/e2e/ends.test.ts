import { expect, test } from "vitest";
import { filterModule } from "../../filters/proxy-wasm-as/testing/filter.test-helper.ts";
import { twoActs, twoActsFilter } from "../../filters/proxy-wasm-as/testing/two-acts.test-helper.ts";
import { startFilter } from "./one-filter.ts";

test("no two things that a filter does to a stream bring an Envoy down", async () => {
  await using filter = await startFilter({
    bytes: await filterModule(twoActsFilter),
    address: "127.90.14.1",
  });
  for (const which of twoActs) {
    const from = filter.said().length;
    await filter.send({ headers: { "x-acts": which } });
    await expect.poll(() => [which, ...filter.said().slice(from)]).toEqual([which, "0 2"]);
    expect([which, (await filter.send({})).status]).toEqual([which, 200]);
  }
});
