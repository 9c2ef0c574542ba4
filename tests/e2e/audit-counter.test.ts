import { expect, test } from "vitest";
import { createChainCache } from "../../controlplane/codegen/build-chains.ts";
import { build } from "../../controlplane/pipeline/build.ts";
import { admin } from "../../envoy/admin.ts";
import { connections } from "../../envoy/emulator/connections.ts";
import { readCase } from "../read-case.ts";
import { startMesh } from "./start-mesh.ts";

test("an Envoy shows how often audited policies would have acted", async () => {
  const cache = createChainCache();
  const { build: built } = await build(readCase("audit-mode").input, { cache });
  if (built === undefined) throw new Error("audit-mode does not build");
  await using mesh = await startMesh(built);
  const target = mesh.outside("frontend");
  if (target === undefined) throw new Error("nobody outside may call frontend");
  const client = connections("http", target, "127.0.0.1");
  try {
    for (let n = 0; n < 3; n++) {
      const { status } = await client.send({ authority: "frontend", path: "/", headers: {} });
      expect(status).toBe(200);
    }
  } finally {
    await client.retire();
  }
  const address = mesh.addresses.proxy("rate");
  const stats = async (): Promise<string> =>
    (await admin({ address, port: 9901, path: "/stats?filter=wire.audit" })).body;
  await expect.poll(stats).toMatch(/wire\.audit\.mark: 3$/m);
  expect(await stats()).toMatch(/wire\.audit\.nobody: 3$/m);
});
