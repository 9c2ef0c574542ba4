import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { startWire, visitsOf, type Wire } from "../e2e/start-wire.ts";

const geoAdmin = { host: "127.2.0.3", port: 9901 };
let wire: Wire | undefined;

afterEach(async () => {
  await wire?.stop();
  wire = undefined;
});

/** Take the admin address of geo's proxy, so that its Envoy cannot start. */
function occupy(): Promise<() => Promise<void>> {
  // Whoever asks whether Envoy is ready is turned away.
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(geoAdmin, () => resolve(() => new Promise((closed) => server.close(() => closed()))));
  });
}

async function pidOf(service: string): Promise<number> {
  const found = new RegExp(`proxy of ${service}: Envoy ready \\(pid (\\d+)`).exec(wire?.log() ?? "");
  return Number(found?.[1]);
}

test("an Envoy that is killed comes back, also when its address is taken for a while", async () => {
  wire = await startWire({ mesh: "examples/meshes/hotel-reservation.yaml", from: ["filters/hot-path"] });
  process.kill(await pidOf("geo"), "SIGKILL");
  await wire.untilLog(/proxy of geo ended \(SIGKILL\); starting it again/);
  const free = await occupy();
  await wire.untilLog(/proxy of geo does not start, trying again/);
  const from = wire.log().length;
  await free();
  await wire.untilLog(/proxy of geo: Envoy ready/, { from });
  await sleep(200);
  expect(visitsOf((await wire.ask()).tree, "geo")[0]?.headers?.["critical"]).toEqual(["true"]);
});

test("an Envoy that cannot start at first is told of, and nothing is in force before it can", async () => {
  const free = await occupy();
  const told = Promise.withResolvers<string>();
  let inForce = false;
  const starting = startWire({
    mesh: "examples/meshes/hotel-reservation.yaml",
    from: ["filters/hot-path"],
    onLog: (log) => {
      if (/proxy of geo does not start, trying again: .*Address already in use/s.test(log)) told.resolve(log);
    },
  }).finally(() => {
    inForce = true;
  });
  // The address stays taken until it is told of: a busy machine may need its time.
  await told.promise;
  expect(inForce).toBe(false);
  await free();
  wire = await starting;
  expect(visitsOf((await wire.ask()).tree, "geo")[0]?.headers?.["critical"]).toEqual(["true"]);
});
