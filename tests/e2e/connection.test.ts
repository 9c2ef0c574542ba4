import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fromYaml } from "../../controlplane/mesh/from-yaml.ts";
import { type AddressPlan, addressPlan } from "../../controlplane/xds/address-plan.ts";
import { startWire, type Wire } from "./start-wire.ts";

const folder = "tests/e2e/policies/stores";
const meshFile = `${folder}/mesh.yaml`;
/** Envoy's own, for what is still open on a listener that is gone. */
const drainMs = 5_000;
const held = 8;

/** A connection that stays open, as those of a pool do. */
interface Held {
  /** Whether the store still answers on it. */
  answers(): Promise<boolean>;
  /** Resolves when it is closed, with the time. */
  readonly closed: Promise<number>;
  readonly isClosed: boolean;
  end(): void;
}

let wire: Wire;
let addresses: AddressPlan;

/** A connection of a service to a store, at the place where its calls go now. */
function hold(from: string, to: string): Held {
  const { address, port } = wire.target(from, to);
  const socket = connect({ host: address, port, localAddress: addresses.service(from).address });
  let isClosed = false;
  let answered: ((is: boolean) => void) | undefined;
  const closed = new Promise<number>((done) => {
    socket.on("close", () => {
      isClosed = true;
      answered?.(false);
      done(performance.now());
    });
  });
  // How it ends is told by `close`.
  socket.on("error", () => undefined);
  socket.on("data", (chunk) => answered?.(chunk.toString() === `OK ${to}\n`));
  return {
    answers: () =>
      new Promise((done) => {
        if (isClosed) done(false);
        answered = done;
        socket.write("ping\n");
      }),
    closed,
    get isClosed() {
      return isClosed;
    },
    end: () => socket.destroy(),
  };
}

/** Whether a new connection gets an answer. */
async function reaches(from: string, to: string): Promise<boolean> {
  const held = hold(from, to);
  const answer = await held.answers();
  held.end();
  return answer;
}

async function counter(service: string, name: string): Promise<number> {
  const reply = await fetch(`http://${addresses.proxy(service)}:9901/stats?filter=${name}`);
  return Number(/: (\d+)/.exec(await reply.text())?.[1] ?? Number.NaN);
}

/** Save a policy; resolves when it is in force. */
async function save(name: string, text: string): Promise<void> {
  const from = wire.log().length;
  const path = join(wire.policies, folder, name);
  if ((await readFile(path, "utf8")) === text) return;
  await writeFile(path, text);
  await wire.untilLog(/in force:/, { from });
}

const dbGuard = (allows: readonly string[]): string => `policy db-guard (
    act (Connection connection)
    context ('. -> db')
) {
    [Ingress]
    ${allows.map((caller) => `Allow(connection, "${caller}", "db");`).join("\n    ")}
    CountBytes(connection, "db");
}
`;

const denyWeb = 'if (GetCaller(connection) == "web") { Deny(connection); }';

const cacheGuard = (body: string, mode = "enforce"): string => `policy cache-guard (
    act (Connection connection)
    context ('[web, api] -> cache')
    mode (${mode})
) {
    [Egress]
    ${body}
    CountBytes(connection, "cache");
}
`;

describe("policies for TCP connections", () => {
  beforeAll(async () => {
    const text = readFileSync(join(import.meta.dirname, "../..", meshFile), "utf8");
    const { mesh } = fromYaml({ path: meshFile, text });
    if (mesh === undefined) throw new Error("the mesh cannot be read");
    addresses = addressPlan(mesh);
    wire = await startWire({ mesh: meshFile, from: [folder] });
    while ((await wire.ask()).tree === undefined) await sleep(20);
  });
  afterAll(async () => {
    await wire?.stop();
  });

  test("let the allowed callers reach a store, and close what others open, at ingress", async () => {
    expect(wire.target("web", "db")).toEqual(wire.target("job", "db"));
    const { tree } = await wire.ask();
    expect(tree?.calls?.map(({ service, status }) => `${service} ${status}`)).toEqual([
      "api 200",
      "db 200",
      "cache 200",
    ]);
    expect(await reaches("api", "db")).toBe(true);
    expect(await reaches("job", "db")).toBe(false);
  });

  test("count the bytes of both directions", async () => {
    const [received, sent] = [await counter("db", "db.received"), await counter("db", "db.sent")];
    const held = hold("api", "db");
    for (let times = 0; times < 10; times++) expect(await held.answers()).toBe(true);
    held.end();
    expect(await counter("db", "db.received")).toBe(received + 10 * "ping\n".length);
    expect(await counter("db", "db.sent")).toBe(sent + 10 * "OK db\n".length);
    expect(await counter("web", "cache.received")).toBeGreaterThan(0);
  });

  test.each([
    {
      what: "other code at ingress",
      store: "db",
      before: dbGuard(["web", "api"]),
      after: dbGuard(["api"]),
    },
    {
      what: "other code at egress",
      store: "cache",
      before: cacheGuard(""),
      after: cacheGuard(denyWeb),
    },
    {
      what: "the same code in another mode, in the same VM",
      store: "cache",
      before: cacheGuard(denyWeb, "audit"),
      after: cacheGuard(denyWeb),
    },
  ])("close what they no longer admit when they become stricter: $what", async ({ store, before, after }) => {
    const file = `${store}-guard.cup`;
    await save(file, before);
    // Several, so that they are on several of a proxy's workers where it has some.
    const refused = Array.from({ length: held }, () => hold("web", store));
    const admitted = Array.from({ length: held }, () => hold("api", store));
    for (const each of [...refused, ...admitted]) expect(await each.answers()).toBe(true);

    const saved = performance.now();
    await save(file, after);
    const inForce = performance.now();
    const closed = await Promise.all(refused.map((each) => each.closed));
    for (const at of closed) expect(at).toBeLessThan(inForce);
    // What may stay open is served on, and has the drain to come to an end.
    for (const each of admitted) expect(await each.answers()).toBe(true);
    expect([await reaches("web", store), await reaches("api", store)]).toEqual([false, true]);
    const ended = await Promise.all(admitted.map((each) => each.closed));
    const openMs = Math.max(...ended) - inForce;
    expect(openMs).toBeLessThan(drainMs + 2_000);
    process.stderr.write(
      `connection: closed ${Math.round(Math.max(...closed) - saved)} ms after the save, in force after ${Math.round(inForce - saved)} ms, the rest closed ${Math.round(openMs)} ms later\n`,
    );

    await save(file, before);
    expect([await reaches("web", store), await reaches("api", store)]).toEqual([true, true]);
  });
});
