import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { createChainCache } from "../../controlplane/codegen/build-chains.ts";
import { fromYaml } from "../../controlplane/mesh/from-yaml.ts";
import { build } from "../../controlplane/pipeline/build.ts";
import { addressPlan } from "../../controlplane/xds/address-plan.ts";
import { admin } from "../../envoy/admin.ts";
import { connections } from "../../envoy/emulator/connections.ts";
import { readCase } from "../read-case.ts";
import { startMesh } from "./start-mesh.ts";
import { startWire } from "./start-wire.ts";

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

/** A rule that is tried first, and then made to hold. */
const rule = (mode: "audit" | "enforce"): string => `policy no-bots (
    act (Request request)
    context ('frontend')
    mode (${mode})
) {
    [Ingress]
    if ((GetHeader(request, "user-agent") ?? "") == "bot") { Deny(request, 451); }
}
`;

test("a rule is audited, looked at, and then enforced by an edit", async () => {
  const meshFile = "examples/meshes/hotel-reservation.yaml";
  const text = await readFile(resolve(import.meta.dirname, "../..", meshFile), "utf8");
  const { mesh } = fromYaml({ path: meshFile, text });
  if (mesh === undefined) throw new Error("the mesh cannot be read");
  const address = addressPlan(mesh).proxy("frontend");
  const wire = await startWire({ mesh: meshFile, from: ["tests/e2e/policies/mark"] });
  try {
    const file = join(wire.policies, "no-bots.cup");
    const save = async (mode: "audit" | "enforce"): Promise<void> => {
      const from = wire.log().length;
      await writeFile(file, rule(mode));
      await wire.untilLog(/in force:.*no-bots/s, { from });
    };
    const ask = async (times: number, agent: string): Promise<readonly number[]> => {
      const statuses: number[] = [];
      for (let n = 0; n < times; n++) statuses.push((await wire.ask({ "user-agent": agent })).status);
      return [...new Set(statuses)];
    };
    const scraped = async (): Promise<string> =>
      (await admin({ address, port: 9901, path: "/stats/prometheus?filter=wire.audit" })).body;

    await save("audit");
    expect([await ask(5, "bot"), await ask(3, "person")]).toEqual([[200], [200]]);
    await expect.poll(scraped).toMatch(/^wire_audit_no_bots\{\} 5$/m);
    const { body } = await admin({ address, port: 9901, path: "/stats?filter=wire.audit" });
    expect(body).toMatch(/^wasmcustom\.wire\.audit\.no-bots: 5$/m);
    await save("enforce");
    expect([await ask(5, "bot"), await ask(3, "person")]).toEqual([[451], [200]]);
    // What is done is not counted as what would have been.
    expect(await scraped()).toMatch(/^wire_audit_no_bots\{\} 5$/m);
  } finally {
    await wire.stop();
  }
});
