import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { historyTable, waitedText } from "../../controlplane/cli/history-text.ts";
import { statusTable } from "../../controlplane/cli/status-table.ts";
import type { CallTree } from "../../envoy/emulator/service.ts";
import { runWire } from "../cli/run-wire.ts";
import { type Load, startLoad } from "../e2e/load.ts";
import { startWire, type Wire } from "../e2e/start-wire.ts";

const root = resolve(import.meta.dirname, "../..");
const folder = "tests/e2e/policies/staged";
const services = ["geo", "rate", "user"];
/** By its name it would be the second one. */
const canary = "rate";

let wire: Wire;
let meshes: string;
let load: Load;
/** What each answer said of each callee: its status, and with which text of the filter the request came to it. */
let seen: { readonly service: string; readonly status: number; readonly mark: string | undefined }[] = [];

beforeAll(async () => {
  meshes = await mkdtemp(join(tmpdir(), "wire-staged-"));
  await cp(join(root, folder, "mesh.yaml"), join(meshes, "mesh.yaml"));
  wire = await startWire({
    ...{ mesh: join(meshes, "mesh.yaml"), from: [folder] },
    args: ["--canary", canary, "--soak", "8"],
  });
  const { proxies = [] } = (await wire.status()).placement ?? {};
  expect(proxies.map(({ service }) => service)).toEqual(services);
  while ((await wire.ask()).tree === undefined) await sleep(20);
  load = startLoad(wire, {
    ...{ rate: 40, headers: { traceparent: `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01` } },
    answered: ({ tree }) => {
      // The frontend has no proxy: it answers whatever its callees do.
      for (const service of services) {
        const call: CallTree | undefined = tree?.calls?.find((each) => each.service === service);
        seen.push({ service, status: call?.status ?? 0, mark: call?.headers?.["x-mark"]?.join() });
      }
    },
  });
});

afterAll(async () => {
  await load?.stop();
  await wire?.stop();
  await rm(meshes, { recursive: true, force: true });
});

/** Save the filter with another mark, with something that it does before, and for other callees. */
async function save(mark: string, before = "", callees = "[geo, rate, user]"): Promise<number> {
  const from = wire.log().length;
  const text = `${await readFile(join(root, folder, "mark.ts"), "utf8")}\nlet requests = 0;\n`;
  await writeFile(
    join(wire.policies, folder, "mark.ts"),
    text
      .replace("[geo, rate, user]", callees)
      .replace(
        '  request.headers.set("x-mark", "one");',
        `${before}  request.headers.set("x-mark", "${mark}");`,
      ),
  );
  return from;
}

async function run(
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly out: string }> {
  const { code, stdout, stderr } = await runWire([...args, "--http-port", new URL(wire.http).port]);
  return { code, out: stdout + stderr };
}

interface Standing {
  readonly wave: { readonly wave: number; readonly of: number; readonly proxies: readonly string[] } | null;
  readonly revision: { readonly inForce: number; readonly newest: number };
  readonly proxies: readonly { readonly service: string; readonly receipt: { readonly given: number } }[];
}

/** By no command, which may take longer than a wave. */
async function answered<T>(path: string): Promise<T> {
  return (await (await fetch(`${wire.http}${path}`)).json()) as T;
}

async function standing(): Promise<Standing> {
  return (await wire.status()) as unknown as Standing;
}

/** The revision that each proxy is to run. */
async function given(): Promise<Readonly<Record<string, number>>> {
  const { proxies } = await standing();
  return Object.fromEntries(proxies.map(({ service, receipt }) => [service, receipt.given]));
}

const failed = (list: typeof seen): typeof seen => list.filter(({ status }) => status !== 200);
const marks = (service: string): readonly string[] => [
  ...new Set(seen.filter((each) => each.service === service).map(({ mark }) => mark ?? "none")),
];

test("a filter that traps at the canary goes back by itself, and no other proxy ever had it", async () => {
  seen = [];
  // Most requests pass, and those with which a module is tried before it is shipped have no such header.
  const from = await save(
    "bad",
    '  if (request.headers.get("traceparent") != null && ++requests % 5 == 0) unreachable();\n',
  );
  await wire.untilLog(/the change is not taken/, { from });
  // Requests that are on their way now are answered with what goes on.
  await wire.untilLog(/still in force/, { from });
  const log = wire.log().slice(from);
  expect(log).toContain("rollout: in 2 waves, of 1, 2 proxies");
  expect(log).toContain("rollout: wave 1 of 2 (proxies: rate)");
  expect(log).toMatch(/rollout: wave 1 of 2 goes back: proxy "rate": .*a filter's VM had failed/);
  await sleep(1_000);

  const others = seen.filter(({ service }) => service !== canary);
  expect(others.length).toBeGreaterThan(40);
  expect(failed(others)).toEqual([]);
  expect([marks("geo"), marks("user")]).toEqual([["one"], ["one"]]);
  // It did trap, and does so no more.
  expect(failed(seen.filter(({ service }) => service === canary)).length).toBeGreaterThan(0);
  seen = [];
  await expect.poll(() => seen.length, { timeout: 10_000 }).toBeGreaterThan(60);
  expect(failed(seen)).toEqual([]);
  expect(services.map(marks)).toEqual([["one"], ["one"], ["one"]]);

  expect((await standing()).revision).toEqual({
    ...{ inForce: 1, newest: 2 },
    rejected: { revision: 2, reason: expect.stringContaining("a filter's VM had failed") },
  });
  expect(await given()).toEqual({ geo: 1, rate: 1, user: 1 });
  const { out } = await run("history");
  expect(out).toMatch(/^ +2 .*rejected: wave 1 of 2 is not healthy: proxy "rate": .*VM had failed/m);
  expect(out).toMatch(/^\* +1 /m);
  expect(await run("wait", "2")).toMatchObject({ code: 1, out: expect.stringContaining("was not taken") });
});

test("a change of the mesh is taken without it, by all proxies together", async () => {
  const from = wire.log().length;
  const file = join(meshes, "mesh.yaml");
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace("[geo, rate,", "[geo, { to: rate, rate: 10 },"));
  await wire.untilLog(/in force: .*\(revision 3\)/, { from });
  expect(wire.log().slice(from)).not.toContain("wave");
  expect(services.map(marks)).toEqual([["one"], ["one"], ["one"]]);
});

test("a good one goes through all waves, and is not in force before the last", async () => {
  seen = [];
  const from = await save("two");
  await wire.untilLog(/wave 1 of 2 \(proxies: rate\)/, { from });
  await expect.poll(given, { timeout: 7_000 }).toEqual({ geo: 3, rate: 4, user: 3 });
  expect((await standing()).wave).toEqual({ wave: 1, of: 2, proxies: ["rate"] });
  expect(statusTable(await answered("/status"))).toContain("wave 1 of 2, watched: rate");
  expect(historyTable(await answered("/history"))[1]).toMatch(/^ +4 .*rolling out: wave 1 of 2/);
  await expect
    .poll(async () => waitedText(await answered("/history/4/convergence?timeout=0")), { timeout: 7_000 })
    .toContain("waiting for geo, user");
  await expect.poll(() => marks(canary), { timeout: 7_000 }).toContain("two");
  expect([marks("geo"), marks("user")]).toEqual([["one"], ["one"]]);

  await wire.untilLog(/wave 1 of 2 is healthy: [1-9]\d* requests, 0 of them answered by 5xx/, { from });
  await wire.untilLog(/wave 2 of 2 is healthy: [1-9]\d* requests, 0 of them answered by 5xx/, { from });
  await wire.untilLog(/in force:/, { from });
  expect((await run("wait", "4")).code).toBe(0);
  expect((await standing()).wave).toBeNull();
  expect(failed(seen)).toEqual([]);
  seen = [];
  await expect.poll(() => seen.length, { timeout: 10_000 }).toBeGreaterThan(60);
  expect(services.map(marks)).toEqual([["two"], ["two"], ["two"]]);
});

test("a control plane that is killed goes on in the wave that it was in", async () => {
  seen = [];
  const from = await save("three");
  await wire.untilLog(/wave 1 of 2 \(proxies: rate\)/, { from });
  await expect.poll(() => marks(canary), { timeout: 7_000 }).toContain("three");
  const again = wire.log().length;
  process.kill((await wire.status()).pid, "SIGKILL");
  await wire.untilLog(/starting it again/, { from: again });
  await wire.untilLog(/wave 1 of 2 \(proxies: rate\)/, { from: again });
  expect([marks("geo"), marks("user")]).toEqual([["two"], ["two"]]);
  await wire.untilLog(/wave 2 of 2 is healthy/, { from: again });
  await wire.untilLog(/in force:/, { from: again });
  expect(failed(seen)).toEqual([]);
  seen = [];
  await expect.poll(() => seen.length, { timeout: 10_000 }).toBeGreaterThan(60);
  expect(services.map(marks)).toEqual([["three"], ["three"], ["three"]]);
});

test("what cannot go in waves comes to all together, and goes back by its stages", async () => {
  seen = [];
  const traps = '  if (request.headers.get(":authority") == "rate" && ++requests % 5 == 0) unreachable();\n';
  const from = await save("four", traps, "[geo, rate]");
  await wire.untilLog(/the change is not taken/, { from });
  await wire.untilLog(/still in force/, { from });
  const log = wire.log().slice(from);
  expect(log).toContain("rollout: to all proxies together, since a policy moves, or a proxy comes or goes");
  expect(log).toMatch(/wave 1 of 1 goes back: proxy "rate": .*a filter's VM had failed/);
  await sleep(1_000);
  expect(failed(seen.filter(({ service }) => service !== canary))).toEqual([]);
  expect(marks("geo")).toEqual(["three", "four"]);
  // It lost its proxy, and has it again.
  expect(marks("user")).toEqual(["three", "none"]);
  seen = [];
  await expect.poll(() => seen.length, { timeout: 10_000 }).toBeGreaterThan(60);
  expect(failed(seen)).toEqual([]);
  expect(services.map(marks)).toEqual([["three"], ["three"], ["three"]]);
  const { inForce, newest } = (await standing()).revision;
  expect(newest).toBe(inForce + 1);
  await expect.poll(given, { timeout: 7_000 }).toEqual({ geo: inForce, rate: inForce, user: inForce });
});
