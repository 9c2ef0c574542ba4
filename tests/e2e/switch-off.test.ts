import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fromYaml } from "../../controlplane/mesh/from-yaml.ts";
import { type AddressPlan, addressPlan } from "../../controlplane/xds/address-plan.ts";
import { startLoad } from "./load.ts";
import { type Answer, startWire, visitsOf, type Wire } from "./start-wire.ts";

const root = resolve(import.meta.dirname, "../..");
const stores = "tests/e2e/policies/stores";

let wire: Wire;
let addresses: AddressPlan;

const copper = (name: string, act: string, context: string, body: string): string =>
  `policy ${name} ( act (${act}) context ('${context}') ) { ${body} }\n`;

/** Two that share a module, one of them with a state; one that refuses; filter code; and what is in `stores`, for connections. */
const policies = {
  "count.cup": `policy count ( act (Request r) using (Counter n) context ('web -> api') ) {
    [Ingress] Increment(n); SetHeader(r, 'x-count', ToString(GetCount(n)));
}
`,
  "mark.cup": copper("mark", "Request r", "web -> api", "[Ingress] SetHeader(r, 'x-mark', 'yes');"),
  "refuse.cup": copper(
    "refuse",
    "Request r",
    "web",
    "[Ingress] if (HasHeader(r, 'x-bad')) { Deny(r, 418); }",
  ),
  "add.ts": `import { Request } from "proxy-wasm-as";
export const context = "web -> api";
export const side = "ingress";
export function onRequest(request: Request): void { request.headers.set("x-add", "yes"); }
`,
};

beforeAll(async () => {
  const meshFile = join(root, stores, "mesh.yaml");
  const { mesh } = fromYaml({ path: meshFile, text: readFileSync(meshFile, "utf8") });
  if (mesh === undefined) throw new Error("the mesh cannot be read");
  addresses = addressPlan(mesh);
  wire = await startWire({ mesh: `${stores}/mesh.yaml`, from: [stores] });
  const from = wire.log().length;
  await mkdir(join(wire.policies, "requests"));
  for (const [name, text] of Object.entries(policies))
    await writeFile(join(wire.policies, "requests", name), text);
  await wire.untilLog(/in force:.*refuse/s, { from });
  while ((await wire.ask()).tree === undefined) await sleep(20);
});

afterAll(async () => {
  await wire?.stop();
});

interface Ran {
  readonly code: number;
  readonly said: {
    readonly waitingFor?: readonly string[];
    readonly milliseconds?: number;
    readonly error?: string;
  };
}

function switched(how: "disable" | "enable", ...names: readonly string[]): Promise<Ran> {
  const port = new URL(wire.http).port;
  const args = [join(root, "controlplane/cli/main.ts"), how, ...names, "--http-port", port, "--json"];
  return new Promise((done) =>
    execFile(process.execPath, args, (error, stdout) =>
      done({ code: typeof error?.code === "number" ? error.code : 0, said: JSON.parse(stdout) }),
    ),
  );
}

async function off(): Promise<readonly string[]> {
  return (await wire.status()).off.map(({ policy, exists }) => (exists ? policy : `${policy}?`));
}

/** The header that a visit of `api` has met, undefined where no policy has set it. */
function seen({ tree }: Answer, name: string): string | undefined {
  return visitsOf(tree, "api")[0]?.headers?.[name]?.join();
}

test("policies are switched off and on under load: at once, without a failed request, with their states", async () => {
  const before = await wire.status();
  const port = wire.target("outside", "web").port;
  const answers: { readonly answer: Answer; readonly startedMs: number }[] = [];
  const refusals: number[] = [];
  const load = startLoad(wire, {
    rate: 100,
    answered: (answer, startedMs) => answers.push({ answer, startedMs }),
  });
  const bad = startLoad(wire, {
    rate: 20,
    headers: { "x-bad": "yes" },
    answered: ({ status }) => refusals.push(status),
  });
  await sleep(500);
  const last = Number(seen(await wire.ask(), "x-count"));
  expect(last).toBeGreaterThan(0);
  for (const round of [1, 2]) {
    const startedMs = performance.now();
    const { code, said } = await switched("disable", "count", "add", "refuse");
    const inForceMs = performance.now();
    expect([code, said.waitingFor]).toEqual([0, []]);
    expect(await off()).toEqual(["add", "count", "refuse"]);
    const without = await wire.ask({ "x-bad": "yes" });
    expect([without.status, ...["x-count", "x-add", "x-mark"].map((name) => seen(without, name))]).toEqual([
      200,
      undefined,
      undefined,
      "yes",
    ]);
    await sleep(300);
    const backMs = performance.now();
    // Nothing that began when it was told to be in force has met them.
    const late = answers.filter(
      (each) => each.startedMs > inForceMs + 40 && each.startedMs < backMs && seen(each.answer, "x-count"),
    );
    expect(late).toEqual([]);
    const first = answers.find(
      (each) => each.startedMs > startedMs && seen(each.answer, "x-count") === undefined,
    );
    process.stderr.write(
      `switch ${round}: in force after ${said.milliseconds} ms, the command took ${Math.round(inForceMs - startedMs)} ms, the first request without them began ${Math.round((first?.startedMs ?? Number.NaN) - startedMs)} ms after its start\n`,
    );
    expect((await switched("enable", "count", "add", "refuse")).code).toBe(0);
    expect(await off()).toEqual([]);
    expect((await wire.ask({ "x-bad": "yes" })).status).toBe(418);
    const again = await wire.ask();
    expect(seen(again, "x-add")).toBe("yes");
    // The counter goes on from where it was.
    expect(Number(seen(again, "x-count"))).toBeGreaterThan(last);
    await sleep(200);
  }
  const sent = (await load.stop()) + (await bad.stop());
  expect(sent).toBeGreaterThan(100);
  expect(answers.filter(({ answer }) => answer.status !== 200)).toEqual([]);
  expect(refusals.filter((status) => status !== 200 && status !== 418)).toEqual([]);
  // No listener has moved, and no proxy.
  expect(wire.target("outside", "web").port).toBe(port);
  expect((await wire.status()).placement).toEqual(before.placement);
});

test("what is off stays off when policies change, when one goes and comes, and when the control plane starts again", async () => {
  await switched("disable", "mark");
  const file = join(wire.policies, "requests/mark.cup");
  let from = wire.log().length;
  await writeFile(file, policies["mark.cup"].replace("yes", "no"));
  await wire.untilLog(/in force:.*still switched off: mark\n/s, { from });
  expect(seen(await wire.ask(), "x-mark")).toBeUndefined();
  from = wire.log().length;
  await rm(file);
  await wire.untilLog(/in force:.*still switched off: mark \(there is no such policy now\)\n/s, { from });
  expect(await off()).toEqual(["mark?"]);
  from = wire.log().length;
  await writeFile(file, policies["mark.cup"]);
  await wire.untilLog(/in force:.*still switched off: mark\n/s, { from });
  from = wire.log().length;
  process.kill(wire.pids.controlPlane, "SIGKILL");
  await wire.untilLog(/in force:.*still switched off: mark\n/s, { from });
  expect(await off()).toEqual(["mark"]);
  expect(seen(await wire.ask(), "x-mark")).toBeUndefined();
  expect((await switched("enable", "mark")).code).toBe(0);
  expect(seen(await wire.ask(), "x-mark")).toBe("yes");
});

test("a name that is none of the policies' changes nothing", async () => {
  const { code, said } = await switched("disable", "mark", "nobody");
  expect([code, await off()]).toEqual([1, []]);
  expect(said.error).toMatch(/^no policy is called nobody: there are .*mark/);
});

test("connections: a guard that is off lets all through, and on again closes whom it refuses", async () => {
  const open = (from: string): Promise<Socket> =>
    new Promise((done, fail) => {
      const { address, port } = wire.target(from, "db");
      const socket = connect({ host: address, port, localAddress: addresses.service(from).address });
      socket.on("error", fail).on("close", () => fail(new Error("closed")));
      socket.write("ping\n");
      socket.once("data", () => done(socket));
    });
  await expect(open("job")).rejects.toThrow();
  await switched("disable", "db-guard");
  const [job, web] = [await open("job"), await open("web")];
  const closed = new Promise((done) => job.once("close", done));
  await switched("enable", "db-guard");
  await closed;
  await expect(open("job")).rejects.toThrow();
  expect(web.destroyed).toBe(false);
  const answer = new Promise((done) => web.once("data", done));
  web.write("ping\n");
  await answer;
  web.destroy();
});
