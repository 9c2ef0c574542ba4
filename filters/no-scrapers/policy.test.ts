import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { generateFilter } from "../../controlplane/codegen/generate-filter.ts";
import { assemble } from "../proxy-wasm-as/build/assemble.ts";
import { verifyModule } from "../proxy-wasm-as/build/verify-module.ts";
import { createHost } from "../proxy-wasm-as/testing/index.ts";

const code = readFileSync(new URL("policy.ts", import.meta.url), "utf8");
const { bytes = new Uint8Array(), stderr } = await assemble({
  entry: generateFilter({ name: "no-scrapers", code }),
  files: { "policy.ts": code },
});

test("scrapers are denied on the way to search, and nowhere else", () => {
  expect(stderr).toBe("");
  expect(verifyModule(bytes)).toEqual([]);
  const host = createHost(bytes, { configuration: "no-scrapers\toutbound\tsearch\n" });
  expect(host.failure).toBeNull();
  const ask = (agent: string, route: string) =>
    host.request({ headers: [["User-Agent", agent]], properties: { "xds.route_name": route } });
  expect(ask("my scraper/1", "search@v1").localReply).toMatchObject({
    status: 403,
    body: "No scrapers, please.",
  });
  expect(ask("my scraper/1", "profile").action).toBe("continue");
  expect(ask("firefox", "search").action).toBe("continue");
  expect(host.request({ properties: { "xds.route_name": "search" } }).action).toBe("continue");
});

test("memory stays flat over 100,000 requests", () => {
  const host = createHost(bytes, { configuration: "no-scrapers\toutbound\t*\n" });
  const run = (times: number) => {
    for (let i = 0; i < times; i++) host.request({ headers: [["user-agent", "x".repeat(200)]] });
    return host.memoryPages;
  };
  const before = run(1000);
  expect(run(99_000)).toBe(before);
});
