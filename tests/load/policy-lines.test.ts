import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { comparables } from "../../controlplane/eval/lines/comparables.ts";
import type { Mesh } from "../../controlplane/mesh/mesh.ts";
import { build } from "../../controlplane/pipeline/build.ts";
import { startMesh } from "../e2e/start-mesh.ts";
import { type Asked, answers } from "../lines/answers.ts";
import { buildIstio, buildMsMax, hasGo, type Istio } from "../lines/istio-config.ts";
import { startIstioMesh } from "../lines/istio-mesh.ts";

// Each policy in Wire's Envoys, and the YAML beside it in Envoys with what Istio's own code makes of it: the same requests are answered the same way.

const root = resolve(import.meta.dirname, "../..");
const source = (path: string) => ({ path, text: readFileSync(join(root, path), "utf8") });

const isSkipped = !hasGo();
if (isSkipped && process.env["WIRE_REQUIRE_ALL"] !== undefined) throw new Error("there is no Go");

describe.skipIf(isSkipped)("beside Istio", () => {
  let istio: Istio;
  beforeAll(async () => {
    istio = await buildIstio((line) => process.stderr.write(`${line}\n`));
  }, buildMsMax);
  afterAll(() => istio?.[Symbol.dispose]());

  test.each(comparables)("$name", { timeout: 300_000 }, async (each) => {
    const yaml = readFileSync(join(root, "controlplane/eval/lines", each.name, "istio.yaml"), "utf8");
    const policies = [...each.imports, each.policy].map(source);
    const { build: built, diagnostics } = await build({ policies, mesh: source(each.mesh) });
    if (built === undefined) throw new Error(JSON.stringify(diagnostics));
    const { mesh } = built;
    const { connections, differs } = each;
    const requests = [...each.requests, ...(connections ? connectionsOf(mesh) : [])];
    const answersOf = async (asked: Omit<Asked, "mesh">): Promise<Answers> => ({
      same: await answers({ ...asked, mesh }, { ...each, requests }),
      others: await Promise.all(
        (differs?.examples ?? []).map((text) => answers({ ...asked, mesh }, { ...each, requests: [text] })),
      ),
    });
    const wire = await inMesh(startMesh(built), answersOf);
    await expect(wire.same).toMatchFileSnapshot(join(root, "tests/lines/answers", `${each.name}.txt`));
    const started = startIstioMesh(istio, { mesh, yaml, onStores: connections });
    const beside = await inMesh(started, answersOf);
    expect(beside.same).toBe(wire.same);
    for (const [at, other] of beside.others.entries()) expect(other).not.toBe(wire.others[at]);
  });

  test("what is no YAML for Istio is refused", { timeout: 60_000 }, async () => {
    const config = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: a\nspec:\n";
    const refused = async (spec: string) =>
      (await istio.translate({ config: config + spec, proxies: [] })).error;
    expect(
      await refused(
        "  hosts:\n    - a\n  http:\n    - route:\n        - destination:\n            host: a\n",
      ),
    ).toBeUndefined();
    expect(
      await refused("  hosts:\n    - a\n  http:\n    - rout:\n        - destination:\n            host: a\n"),
    ).toMatch(/rout/);
    expect(await refused("  hosts:\n    - a\n")).toMatch(/http/);
  });
});

interface Answers {
  readonly same: string;
  readonly others: readonly string[];
}

/** Meshes of the same services have the same addresses: of two one ends before the other begins. */
async function inMesh<Running extends AsyncDisposable, Result>(
  started: Promise<Running>,
  use: (running: Running) => Promise<Result>,
): Promise<Result> {
  await using running = await started;
  return await use(running);
}

/** Every service to every store. */
function connectionsOf({ services }: Mesh): readonly string[] {
  const [stores, callers] = [true, false].map((isStore) =>
    [...services.values()].filter(({ protocol }) => (protocol === "tcp") === isStore),
  );
  return (callers ?? []).flatMap(({ name }) => (stores ?? []).map((store) => `${name} -> ${store.name} TCP`));
}
