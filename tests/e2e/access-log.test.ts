import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startWire } from "./start-wire.ts";

test("`wire up --access-log FILE` keeps the lines of all proxies, with the tags of filter code", async () => {
  const folder = mkdtempSync(join(tmpdir(), "wire-access-log-"));
  const file = join(folder, "access.log");
  const wire = await startWire({
    mesh: "examples/meshes/hotel-reservation.yaml",
    from: ["tests/e2e/policies/tags"],
    args: ["--access-log", file],
  });
  const lines = (): readonly object[] =>
    existsSync(file)
      ? readFileSync(file, "utf8")
          .split("\n")
          .filter((text) => text !== "")
          .map((text): object => JSON.parse(text))
      : [];
  const agents = (): readonly unknown[] =>
    lines().map((line) => ("tags" in line ? Object(line.tags).agent : undefined));
  try {
    expect((await wire.ask({ "user-agent": 'a "browser"' })).status).toBe(200);
    await expect.poll(agents, { timeout: 10_000 }).toContain('a "browser"');
    expect(lines()[0]).toMatchObject({ service: "search", direction: "inbound", status: 200 });
    expect((await wire.ask({ "user-agent": "last" })).status).toBe(200);
  } finally {
    expect(await wire.stop()).toBe(0);
  }
  // What a proxy says as it ends is kept too.
  expect(agents()).toContain("last");
  rmSync(folder, { recursive: true });
});
