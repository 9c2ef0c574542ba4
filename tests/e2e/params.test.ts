import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startWire, visitsOf } from "./start-wire.ts";

test("a changed file of parameters is followed, and a broken one is not taken", async () => {
  const folder = mkdtempSync(join(tmpdir(), "wire-params-"));
  const file = join(folder, "values.yaml");
  writeFileSync(file, "params: { text: first }\n");
  const wire = await startWire({
    mesh: "examples/meshes/hotel-reservation.yaml",
    from: ["tests/e2e/policies/params"],
    args: ["--params", file],
  });
  const seen = async (): Promise<unknown> => {
    const { tree } = await wire.ask();
    return visitsOf(tree, "search")[0]?.headers?.["x-text"];
  };
  try {
    await expect.poll(seen, { timeout: 10_000 }).toEqual(["first"]);
    writeFileSync(file, "params: { text: second }\n");
    await expect.poll(seen, { timeout: 15_000 }).toEqual(["second"]);
    writeFileSync(file, "params: { txt: third }\n");
    await wire.untilLog(/error\[PRM0202\][\s\S]*the change is not taken/);
    expect(await seen()).toEqual(["second"]);
  } finally {
    expect(await wire.stop()).toBe(0);
    rmSync(folder, { recursive: true });
  }
});
