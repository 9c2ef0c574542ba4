import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { allEndpoints, changingMesh } from "../../controlplane/rollout/changing-mesh.test-helper.ts";
import { startWire, visitsOf, type Wire } from "../e2e/start-wire.ts";

const rateAdmin = { host: "127.2.0.3", port: 9901 };
const folder = "tests/load/policies/random";
let wire: Wire;
let own: string;
let meshFile: string;

const policy = (name: string, context: string, side: string, value: string): string =>
  `policy ${name} ( act (Request r) context ('${context}') ) { [${side}] SetHeader(r, 'x-${name}', '${value}'); }\n`;

async function save(name: string, text: string): Promise<number> {
  const from = wire.log().length;
  await writeFile(join(wire.policies, folder, `${name}.cup`), text);
  return from;
}

/** What a service sees of the header that a policy sets, on the call that it is for, and where it is. */
async function seenBy(service: string, policy: string): Promise<readonly (string | undefined)[]> {
  const header = `x-${policy}`;
  const visits = visitsOf((await wire.ask()).tree, service);
  const visit = visits.find(({ headers }) => headers?.[header] !== undefined) ?? visits[0];
  return [visit?.headers?.[header]?.[0], visit?.address];
}

/** Take the admin address of rate's proxy, so that its Envoy cannot start again. */
function occupy(): Promise<() => Promise<void>> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(rateAdmin, () => resolve(() => new Promise((closed) => server.close(() => closed()))));
  });
}

beforeAll(async () => {
  own = await mkdtemp(join(tmpdir(), "wire-away-"));
  meshFile = join(own, "mesh.yaml");
  await writeFile(meshFile, changingMesh(allEndpoints));
  wire = await startWire({ mesh: meshFile, from: [folder] });
});

afterAll(async () => {
  await wire?.stop();
  await rm(own, { recursive: true, force: true });
});

test("a policy that waits for a proxy keeps nobody from knowing where services are", async () => {
  await save("p0", policy("p0", "web -> rate", "Ingress", "first"));
  await save("p1", policy("p1", "web -> api", "Egress", "first"));
  const both = async () => [(await seenBy("rate", "p0"))[0], (await seenBy("api", "p1"))[0]];
  await expect.poll(both, { timeout: 30_000 }).toEqual(["first", "first"]);
  const pid = Number(/proxy of rate: Envoy ready \(pid (\d+)/.exec(wire.log())?.[1]);
  process.kill(pid, "SIGKILL");
  await wire.untilLog(/proxy of rate ended \(SIGKILL\)/);
  const free = await occupy();
  await wire.untilLog(/proxy of rate does not start, trying again/);
  const concerned = await save("p0", policy("p0", "web -> rate", "Ingress", "second"));
  await wire.untilLog(/the change is not taken: \[absent\]/, { from: concerned });

  const moved = wire.log().length;
  const [address = ""] = allEndpoints.api;
  await writeFile(meshFile, changingMesh({ ...allEndpoints, api: [address] }));
  await wire.untilLog(/^in force:/m, { from: moved, timeoutMs: 15_000 });
  expect(wire.log().slice(moved)).not.toMatch(/the change is not taken/);
  for (let request = 0; request < 6; request++) expect(await seenBy("api", "p1")).toEqual(["first", address]);

  // The policy is not forgotten over it, nor what has moved.
  const freed = wire.log().length;
  await free();
  await wire.untilLog(/rollout: old side off.*in force:/s, { from: freed, timeoutMs: 60_000 });
  while ((await seenBy("rate", "p0"))[0] === undefined) await sleep(20);
  expect((await seenBy("rate", "p0"))[0]).toBe("second");
  expect((await seenBy("api", "p1"))[1]).toBe(address);
});
