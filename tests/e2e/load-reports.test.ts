import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fromYaml } from "../../controlplane/mesh/from-yaml.ts";
import type { MeasuredCall, RatesReport } from "../../controlplane/rates/create-rates.ts";
import type { CallTree } from "../../envoy/emulator/service.ts";
import { startWire, type Wire } from "./start-wire.ts";

const root = resolve(import.meta.dirname, "../..");
const main = join(root, "controlplane/cli/main.ts");
const hotel = join(root, "examples/meshes/hotel-reservation.yaml");

type Written = readonly { readonly from: string; readonly to: string; readonly rate: number }[];

/** A proxy that counts its calls, one that counts what comes to it, and one that counts its connections. */
const policies = {
  "count-out.cup": `policy count-out ( act (RPCRequest r) context ('search -> [rate, geo]') ) {
    [Egress] SetHeader(r, 'out', 'yes');
}
`,
  "count-in.cup": `policy count-in ( act (RPCRequest r) context ('frontend -> user') ) {
    [Ingress] SetHeader(r, 'in', 'yes');
}
`,
  "count-store.cup": `policy count-store ( act (Connection c) context ('user -> mongodb-user') ) {
    [Egress] Allow(c); CountBytes(c, "user");
}
`,
};

let folder: string;
let mesh: string;
let wire: Wire;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wire-loads-"));
  mesh = join(folder, "mesh.yaml");
  await copyFile(hotel, mesh);
  const own = join(folder, "policies");
  await mkdir(own);
  for (const [name, text] of Object.entries(policies)) await writeFile(join(own, name), text);
  wire = await startWire({ mesh, from: [], policies: own, args: ["--load-interval", "1"] });
});
afterAll(async () => {
  await wire?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function report(): Promise<RatesReport> {
  return (await fetch(`${wire.http}/rates`)).json() as Promise<RatesReport>;
}

function callOf({ calls }: RatesReport, call: string): MeasuredCall | undefined {
  return calls.find(({ from, to }) => `${from ?? "outside"} -> ${to}` === call);
}

/** How often each service called each, by what the services themselves say. */
function count(tree: CallTree, caller: string, counts: Map<string, number>): void {
  const call = `${caller} -> ${tree.service}`;
  counts.set(call, (counts.get(call) ?? 0) + 1);
  for (const callee of tree.calls ?? []) count(callee, tree.service, counts);
}

/** Requests within the window: a rate times the seconds that it is over. */
async function within(call: string): Promise<number | undefined> {
  const found = callOf(await report(), call);
  return found && found.rate * found.seconds;
}

const timeout = 20_000;

test("what the proxies count of each call is what the services have seen of it", async () => {
  const calls = ["search -> geo", "search -> rate", "frontend -> user", "user -> mongodb-user"];
  for (const call of calls)
    await expect.poll(async () => callOf(await report(), call)?.rate, { timeout }).toBe(0);
  const counts = new Map<string, number>();
  for (let sent = 0; sent < 20; sent++) {
    const answers = await Promise.all(Array.from({ length: 15 }, () => wire.ask()));
    for (const { tree } of answers) if (tree !== undefined) count(tree, "outside", counts);
  }
  for (const call of calls) expect([call, counts.get(call)]).toEqual([call, 300]);

  // All of it is within the window.
  for (const call of ["search -> geo", "search -> rate"]) {
    await expect.poll(async () => callOf(await report(), call)?.total, { timeout }).toBe(300);
    expect(callOf(await report(), call)?.basis).toBe("counted");
    expect(await within(call)).toBeCloseTo(300, 6);
  }
  await expect.poll(() => within("frontend -> user"), { timeout }).toBeCloseTo(300, 6);
  expect(callOf(await report(), "frontend -> user")?.basis).toBe("remainder");
  // Of a call to a store connections are counted, and these are used again.
  const connections = callOf(await report(), "user -> mongodb-user")?.total;
  expect(connections).toBeGreaterThan(0);
  expect(connections).toBeLessThanOrEqual(300);
});

test("what comes to a callee's proxy is told of its callers too", async () => {
  const { calls, unmeasured } = await report();
  const { mesh: read } = fromYaml({ path: mesh, text: await readFile(mesh, "utf8") });
  const { placement } = await wire.status();
  const captured = (side: string): ReadonlySet<string> =>
    new Set(
      placement?.proxies
        .filter(({ policies }) => policies.some((policy) => policy.side === side))
        .map(({ service }) => service),
    );
  const [egress, ingress] = [captured("egress"), captured("ingress")];
  for (const { from, to } of read?.calls ?? []) {
    const isSeen = egress.has(from ?? "") || ingress.has(to);
    expect([from, to, calls.some((call) => call.from === from && call.to === to)]).toEqual([
      from,
      to,
      isSeen,
    ]);
    expect(unmeasured.some((call) => call.from === from && call.to === to)).toBe(!isSeen);
  }
});

test("the rates can be written into the mesh file, and proxies are placed by them from then on", async () => {
  const args = ["rates", "--write", mesh, "--url", wire.http, "--json"];
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...args]);
  const { file, written } = JSON.parse(stdout) as { readonly file: string; readonly written: Written };
  expect(file).toBe(mesh);
  expect(written.length).toBeGreaterThan(0);
  for (const { from, to, rate } of written)
    await expect
      .poll(async () => callOf(await report(), `${from} -> ${to}`)?.declared, { timeout: 20_000 })
      .toBe(rate);
});

test("Prometheus has them too", async () => {
  const own = await (await fetch(`${wire.http}/metrics/calls`)).text();
  expect(own).toMatch(/\nwire_call_requests_total\{from="search",to="geo"\} 300\n/);
  const all = await (await fetch(`${wire.http}/metrics`)).text();
  expect(all).toMatch(/\nwire_load_streams [1-9]/);
  expect(all).toMatch(/\nwire_calls\{basis="counted"\} [1-9]/);
});

test("requests through clusters that a change has just brought count from the first one on", async () => {
  const clusters = async (): Promise<readonly string[]> =>
    (await wire.status()).proxies
      .find(({ service }) => service === "search")
      ?.resources.map(({ name }) => name)
      .filter((name) => name.startsWith("rate")) ?? [];
  const before = await clusters();
  const from = wire.log().length;
  await writeFile(
    join(wire.policies, "count-rate.cup"),
    "policy count-rate ( act (RPCRequest r) context ('search -> rate') ) { [Ingress] SetHeader(r, 'rate', 'yes'); }\n",
  );
  await wire.untilLog(/in force:[\s\S]*count-rate/, { from });
  const counts = new Map<string, number>();
  const answers = await Promise.all(Array.from({ length: 50 }, () => wire.ask()));
  for (const { tree } of answers) if (tree !== undefined) count(tree, "outside", counts);
  expect(counts.get("search -> rate")).toBe(50);
  expect((await clusters()).filter((name) => before.includes(name))).toEqual([]);
  await expect.poll(async () => callOf(await report(), "search -> rate")?.total, { timeout }).toBe(350);
});
