import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startWire, visitsOf, type Wire } from "./start-wire.ts";

const examples = ["filters/hot-path", "filters/no-scrapers", "filters/canary-rate"];

describe("the example policies on the hotel reservation, in real Envoys", () => {
  let wire: Wire;
  beforeAll(async () => {
    wire = await startWire({ mesh: "examples/meshes/hotel-reservation.yaml", from: examples });
  }, 90_000);
  afterAll(async () => {
    await wire?.stop();
  });

  test("at most three services get a proxy", async () => {
    const { placement } = await wire.status();
    expect(placement?.proxies.length).toBeLessThanOrEqual(3);
  });

  test("hot-path marks what reaches rate and geo, and nothing else", async () => {
    const { tree } = await wire.ask();
    for (const service of ["rate", "geo"]) {
      const visits = visitsOf(tree, service);
      expect(visits).not.toEqual([]);
      for (const visit of visits) expect(visit.headers?.["critical"]).toEqual(["true"]);
    }
    for (const service of ["frontend", "search", "profile", "recommendation", "user", "reservation"]) {
      const visits = visitsOf(tree, service);
      expect(visits).not.toEqual([]);
      for (const visit of visits) expect(visit.headers?.["critical"]).toBeUndefined();
    }
  });

  test("no-scrapers denies its call to a scraper, and no other call or client", async () => {
    const scraper = await wire.ask({ "user-agent": "scraper/1.0" });
    expect(scraper.status).toBe(200);
    expect(visitsOf(scraper.tree, "search").map((visit) => visit.status)).toEqual([403]);
    expect(visitsOf(scraper.tree, "profile").map((visit) => visit.status)).toEqual([200]);
    const browser = await wire.ask({ "user-agent": "browser" });
    expect(visitsOf(browser.tree, "search").map((visit) => visit.status)).toEqual([200]);
  });

  test("canary-rate sends the canary to v2 of rate, through the routes that were shipped", async () => {
    for (let turn = 0; turn < 4; turn++) {
      const canary = await wire.ask({ "x-canary": "true" });
      expect(visitsOf(canary.tree, "rate").map((visit) => visit.version)).toEqual(["v2"]);
    }
    const versions = new Set<string | undefined>();
    for (let turn = 0; turn < 8; turn++) {
      for (const visit of visitsOf((await wire.ask()).tree, "rate")) versions.add(visit.version);
    }
    expect(versions).toEqual(new Set(["v1", "v2"]));
  });

  test("a saved edit takes effect; a broken one is reported and changes nothing", async () => {
    const file = join(wire.policies, "filters/hot-path/policy.cup");
    const text = await readFile(file, "utf8");
    let from = wire.log().length;
    await writeFile(file, text.replaceAll("SetHeader", "SetHeadr"));
    await wire.untilLog(/unknown action/, { from });
    await wire.untilLog(/what was in force goes on/, { from });
    expect(visitsOf((await wire.ask()).tree, "geo")[0]?.headers?.["critical"]).toEqual(["true"]);

    from = wire.log().length;
    await writeFile(file, text.replaceAll("'true'", "'very'"));
    await wire.untilLog(/in force:/, { from });
    expect(visitsOf((await wire.ask()).tree, "geo")[0]?.headers?.["critical"]).toEqual(["very"]);
  });
});
