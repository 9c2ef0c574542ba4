import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWire, visitsOf, type Wire } from "../e2e/start-wire.ts";

const hotel = resolve(import.meta.dirname, "../../examples/meshes/hotel-reservation.yaml");

let folder: string;
let mesh: string;
let wire: Wire;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wire-mesh-"));
  mesh = join(folder, "mesh.yaml");
  await copyFile(hotel, mesh);
  wire = await startWire({ mesh, from: ["filters/hot-path"] });
});
afterAll(async () => {
  await wire?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The policy acts, and acts again after an edit of it: the whole way works. */
async function expectWell(value: string): Promise<void> {
  const from = wire.log().length;
  const file = join(wire.policies, "filters/hot-path/policy.cup");
  await writeFile(file, (await readFile(file, "utf8")).replace(/'true'|'again-\d'/g, `'${value}'`));
  await wire.untilLog(/in force:/, { from });
  expect(visitsOf((await wire.ask()).tree, "geo")[0]?.headers?.["critical"]).toEqual([value]);
}

test.each([
  ["another service", "services:\n", "services:\n  added: { entry: true }\n", "again-1"],
  ["a syntax error", "services:\n", "services: {\n", "again-2"],
])(
  "a mesh with %s is told of, and the one in force outlives its control plane",
  async (_, text, instead, value) => {
    await writeFile(mesh, (await readFile(hotel, "utf8")).replace(text, instead));
    await wire.untilLog(
      /mesh\.yaml has changed: more of a mesh than endpoints and rates is taken at a start only/,
    );
    const from = wire.log().length;
    process.kill((await wire.status()).pid, "SIGKILL");
    await wire.untilLog(/in force: 2 of 22/, { from });
    await expectWell(value);
    expect(wire.log().match(/control plane ended/g)).toHaveLength(value === "again-1" ? 1 : 2);
  },
);
