import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runWire } from "../cli/run-wire.ts";
import { startWire, visitsOf, type Wire } from "../e2e/start-wire.ts";

const geoAdmin = { host: "127.2.0.3", port: 9901 };
let wire: Wire;

const policy = (service: "geo" | "rate", value: string): string =>
  `policy at_${service} ( act (Request r) context ('search -> ${service}') ) { [Ingress] SetHeader(r, 'x-${service}', '${value}'); }\n`;

beforeAll(async () => {
  wire = await startWire({ mesh: "examples/meshes/hotel-reservation.yaml", from: ["filters/hot-path"] });
  await save("geo", "first");
  await save("rate", "first");
  await wire.untilLog(/in force:.*at_geo.*at_rate/s);
});
afterAll(() => wire?.stop());

async function save(service: "geo" | "rate", value: string): Promise<number> {
  const from = wire.log().length;
  await writeFile(join(wire.policies, `${service}.cup`), policy(service, value));
  return from;
}

/** What a service sees of the header that its policy sets. */
async function seenBy(service: "geo" | "rate"): Promise<string | undefined> {
  return visitsOf((await wire.ask()).tree, service)[0]?.headers?.[`x-${service}`]?.[0];
}

/** Take the admin address of geo's proxy, so that its Envoy cannot start again. */
function occupy(): Promise<() => Promise<void>> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(geoAdmin, () => resolve(() => new Promise((closed) => server.close(() => closed()))));
  });
}

test("a proxy that is down holds up what concerns it, and nothing else", async () => {
  const pid = Number(/proxy of geo: Envoy ready \(pid (\d+)/.exec(wire.log())?.[1]);
  process.kill(pid, "SIGKILL");
  await wire.untilLog(/proxy of geo ended \(SIGKILL\)/);
  const free = await occupy();
  await wire.untilLog(/proxy of geo does not start, trying again/);

  const elsewhere = await save("rate", "second");
  await wire.untilLog(/in force:/, { from: elsewhere });
  expect(wire.log().slice(elsewhere)).not.toMatch(/still waiting|the change is not taken/);

  const concerned = await save("geo", "second");
  await wire.untilLog(/still waiting for the proxy of geo/, { from: concerned });
  expect((await wire.status()).settled).toBe(false);
  expect((await run("status")).out).toMatch(/^the newest change is not in force yet /m);
  // Nobody is shown what cannot come to all whom it concerns.
  await wire.untilLog(
    /the change is not taken: \[absent\] it concerns proxies that are not connected, and is tried again when they are: geo/,
    { from: concerned },
  );
  expect(wire.log().slice(concerned)).not.toMatch(/rollout: /);

  await free();
  await wire.untilLog(/it is tried again.*in force:/s, { from: concerned });
  while ((await seenBy("geo")) === undefined) await sleep(20);
  expect([await seenBy("geo"), await seenBy("rate")]).toEqual(["second", "second"]);
});

test("one that is made to leave holds up nothing, and has it all when it comes back", async () => {
  const pid = Number([...wire.log().matchAll(/proxy of geo: Envoy ready \(pid (\d+)/g)].at(-1)?.[1]);
  const died = wire.log().length;
  process.kill(pid, "SIGKILL");
  await wire.untilLog(/proxy of geo ended \(SIGKILL\)/, { from: died });
  const free = await occupy();
  await wire.untilLog(/proxy of geo does not start, trying again/, { from: died });

  const concerned = await save("geo", "third");
  await wire.untilLog(/the change is not taken: \[absent\]/, { from: concerned });
  expect((await run("status")).out).toMatch(
    /^the newest change \(revision \d+\) is not taken, and revision \d+ is in force: .*not connected.*: geo$/m,
  );
  expect(await run("force-leave", "rate")).toEqual({
    code: 1,
    out: "wire: of rate a proxy is connected, so it has not left\n",
  });
  expect(await run("force-leave", "geo")).toEqual({
    code: 0,
    out: "no change waits for the proxy of geo any more, until it connects again\n",
  });
  await wire.untilLog(/it is tried again.*in force:/s, { from: concerned });
  expect((await run("status")).out).toMatch(/^geo +has left /m);

  // Nor is it waited for after a restart.
  const killed = wire.log().length;
  process.kill((await wire.status()).pid, "SIGKILL");
  await wire.untilLog(/control plane ended.*in force:/s, { from: killed });
  const later = await save("geo", "fourth");
  await wire.untilLog(/in force:/, { from: later });
  expect(wire.log().slice(later)).not.toMatch(/the change is not taken/);

  await free();
  while ((await seenBy("geo")) === undefined) await sleep(20);
  expect(await seenBy("geo")).toBe("fourth");
  expect((await run("status")).out).toMatch(/^geo +in force /m);
});

async function run(
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly out: string }> {
  const { code, stdout, stderr } = await runWire([...args, "--http-port", new URL(wire.http).port]);
  return { code, out: stdout + stderr };
}
