import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
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

let folder: string;
let mesh: string;
let wire: Wire;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wire-loads-"));
  mesh = join(folder, "mesh.yaml");
  await copyFile(hotel, mesh);
  wire = await startWire({
    mesh,
    from: ["tests/e2e/policies/mark", "tests/e2e/policies/count"],
    args: ["--load-interval", "1"],
  });
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

test("what the proxies count of each call is what the services have seen of it", async () => {
  const counted = async (): Promise<readonly MeasuredCall[]> =>
    (await report()).calls.filter(({ basis }) => basis === "counted");
  await expect.poll(async () => (await counted()).length, { timeout: 20_000 }).toBeGreaterThan(0);
  const counts = new Map<string, number>();
  for (let sent = 0; sent < 20; sent++) {
    const answers = await Promise.all(Array.from({ length: 15 }, () => wire.ask()));
    for (const { tree } of answers) if (tree !== undefined) count(tree, "outside", counts);
  }
  expect(counts.get("outside -> frontend")).toBe(300);
  const calls = await counted();
  expect(calls.map(({ to }) => to).length).toBeGreaterThan(1);
  for (const { from, to } of calls) {
    const call = `${from} -> ${to}`;
    await expect
      .poll(async () => callOf(await report(), call)?.total, { timeout: 20_000 })
      .toBe(counts.get(call) ?? 0);
  }
  // All of it is within the window: what it comes to, times the seconds, is what was sent.
  const latest = await report();
  for (const { from, to, rate, seconds, total } of latest.calls.filter(({ basis }) => basis === "counted"))
    expect([`${from} -> ${to}`, rate * seconds]).toEqual([
      `${from} -> ${to}`,
      expect.closeTo(total ?? -1, 6),
    ]);
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
  expect(own).toMatch(/\nwire_call_requests_total\{from="frontend",to="[a-z-]+"\} \d+\n/);
  const all = await (await fetch(`${wire.http}/metrics`)).text();
  expect(all).toMatch(/\nwire_load_streams [1-9]/);
  expect(all).toMatch(/\nwire_calls\{basis="counted"\} [1-9]/);
});
