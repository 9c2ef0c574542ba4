import { afterAll, beforeAll, expect, test } from "vitest";
import { filterModule } from "../../filters/proxy-wasm-as/testing/filter.test-helper.ts";
import {
  keptCases,
  keptCode,
  keptEnd,
  keptStreamsFilter,
} from "../../filters/proxy-wasm-as/testing/kept-streams.test-helper.ts";
import { type FilterInEnvoy, startFilter } from "./one-filter.ts";

let filter: FilterInEnvoy;
beforeAll(async () => {
  filter = await startFilter({
    bytes: await filterModule(keptStreamsFilter, "minimal"),
    address: "127.90.15.1",
  });
});
afterAll(() => filter[Symbol.asyncDispose]());

test.each(keptCases)(
  "in an Envoy, a stream that is kept is acted on in another's callback, and in none: %s, %s",
  async (place, act) => {
    const from = filter.said().length;
    const said = (): readonly string[] => filter.said().slice(from);
    const other = () =>
      filter.send({
        headers: { "x-act": keptCode(place, act) },
        ...(place === "body" ? { body: ["b"] } : {}),
      });
    // A stream that nobody lets go is given up by its client.
    const { said: status, isLetGo } = keptEnd(place, act);
    const kept = filter.send({
      headers: { "x-keep": "1", "x-a": "kept" },
      ...(isLetGo ? {} : { goneAfterMs: 500 }),
    });
    await expect.poll(said).toContain("kept");
    expect((await other()).headers).toMatchObject({ "x-after": "200", "x-seen": "acting after" });
    const wanted = [
      "kept",
      ...(act === "write" ? ["kept 1 true"] : []),
      `${status} true`,
      ...(act === "fetch" ? ["fetched for kept: 0"] : []),
    ];
    await expect.poll(said).toEqual(wanted);
    const { status: got, headers } = await kept;
    if (act === "reset" || !isLetGo) expect(got).toBe(0);
    else if (act === "reply") expect(got).toBe(429);
    else expect([got, headers["x-seen"]]).toEqual([200, act === "write" ? "written" : "kept"]);
    const gone = [...wanted, ...(act === "write" ? ["none 0 true"] : []), "2 false"];
    expect((await other()).headers).toMatchObject({ "x-after": "200", "x-seen": "acting after" });
    await expect.poll(said).toEqual(gone);
  },
);
