import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Slot } from "../../controlplane/codegen/module.ts";
import { filesOf } from "../../controlplane/history/revision.ts";
import { type Build, build } from "../../controlplane/pipeline/build.ts";
import { eventText } from "../../controlplane/rollout/event-text.ts";
import type { Begun } from "../../controlplane/rollout/revisions.ts";
import { type Rollouts, startRollouts } from "../../controlplane/rollout/start-rollouts.ts";
import type { Snapshot } from "../../controlplane/server/snapshot.ts";
import { addressPlan, type Instance } from "../../controlplane/xds/address-plan.ts";
import type { LaidSlot } from "../../controlplane/xds/laid-chain.ts";
import { byType, inboundListeners, proxyResources, wayOf } from "../../controlplane/xds/snapshot.ts";
import { bootstrap, findEnvoy, type RunningEnvoy, startEnvoy } from "../../envoy/index.ts";
import { tryModule } from "../../filters/proxy-wasm-as/build/try-module.ts";
import { verifyModule } from "../../filters/proxy-wasm-as/build/verify-module.ts";

const mesh = {
  path: "mesh.yaml",
  text: "name: one\nservices:\n  app: { entry: true, port: 8080 }\n",
};
const policy = (value: string) => ({
  path: "filters/mark.cup",
  text: `policy mark ( act (Request r) context ('app') ) { [Ingress] SetHeader(r, 'x-mark', '${value}'); }\n`,
});

async function built(value: string): Promise<Build> {
  const { build: made } = await build({ policies: [policy(value)], mesh });
  if (made === undefined) throw new Error("the policy does not build");
  return made;
}

/** The bypass: what the proxy is told when the one slot of the chain is `change`d after all checks. */
function snapshotOf(from: Build, change: Partial<Slot> = {}): Snapshot {
  const chains = from.chains.map((chain) => ({
    ...chain,
    slots: chain.slots.map((slot) => ({ ...slot, ...change })),
  }));
  const ways = [wayOf({ placement: from.placement, chains })];
  const snapshot = proxyResources({ mesh: from.mesh, addresses: addressPlan(from.mesh), ways }).get("app");
  if (snapshot === undefined) throw new Error("no proxy is placed");
  return byType(snapshot);
}

/** The same module but for one name in it. */
function renamed(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const text = Buffer.from(bytes).toString("latin1");
  return Buffer.from(text.replace(from, to), "latin1");
}

/** What the smallest module with a start section consists of: a function type, a function, the start, its body. */
const startSection = Uint8Array.from([
  ...[0, 97, 115, 109, 1, 0, 0, 0],
  ...[1, 4, 1, 96, 0, 0],
  ...[3, 2, 1, 0],
  ...[8, 1, 0],
  ...[10, 4, 1, 2, 0, 11],
]);

describe("a bad module", () => {
  let good: Build;
  let slot: LaidSlot;
  let server: Server;
  let rollouts: Rollouts;
  let envoy: RunningEnvoy;
  /** What the control plane tells of its proxies. */
  const said: string[] = [];

  beforeAll(async () => {
    good = await built("good");
    const only = good.chains[0]?.slots[0];
    if (only === undefined) throw new Error("the chain is empty");
    slot = only;
    const plan = addressPlan(good.mesh);
    const at = plan.service("app");
    server = createServer((request, response) => response.end(String(request.headers["x-mark"])));
    await new Promise<void>((done) => server.listen(at.port, at.address, done));
    rollouts = await startRollouts({
      server: { listen: { host: "127.0.0.1", port: 0 } },
      observe: (event) => said.push(...[eventText(event)].filter((line) => line !== undefined)),
    });
    const inForce = apply(good).turn;
    envoy = await startProxy();
    expect(await inForce).toBe("done");
  });
  afterAll(async () => {
    await envoy?.stop({ drainMs: 0 });
    await rollouts?.ads.close();
    await new Promise((done) => server?.close(done));
  });

  async function startProxy(): Promise<RunningEnvoy> {
    const found = await findEnvoy();
    if (found.kind !== "binary") throw new Error("this test runs an Envoy process");
    const address = addressPlan(good.mesh).proxy("app");
    return startEnvoy({
      path: found.path,
      adminAddress: address,
      config: bootstrap({
        ...{ nodeId: "app", cluster: "app", adminAddress: address },
        ...{ xdsAddress: "127.0.0.1", xdsPort: rollouts.ads.port },
      }),
    });
  }

  function apply(made: Build): Begun {
    return rollouts.revisions.apply(made, filesOf(made.input));
  }

  /** Where the proxy takes requests. */
  function place(): Instance {
    const world = { mesh: good.mesh, addresses: addressPlan(good.mesh) };
    const [found] = inboundListeners(world, good.chains, "app");
    if (found === undefined) throw new Error("nothing is captured");
    return found;
  }

  /** What the application saw of the policy. */
  async function mark(): Promise<string> {
    const { address, port } = place();
    return (await fetch(`http://${address}:${port}/`)).text();
  }

  const bad: readonly (readonly [string, (good: Slot) => Partial<Slot>, RegExp])[] = [
    [
      "bytes that do not parse",
      () => ({ module: { ...slot.module, bytes: Uint8Array.from([0, 97, 115, 109, 1, 2, 3, 4]) } }),
      /^the module does not parse: /,
    ],
    [
      "an unknown import",
      ({ module }) => ({ module: { ...module, bytes: renamed(module.bytes, "proxy_log", "proxy_lag") } }),
      /^the import `env\.proxy_lag` is not in Proxy-Wasm ABI 0\.2\.1$/,
    ],
    ["a configuration that is refused", () => ({ configuration: "no policy of this module\n" }), /configur/],
  ];

  test.for(bad)("%s: stopped before shipping, with the reason", ([, change, reason]) => {
    const { module, configuration } = { ...slot, ...change(slot) };
    const reasons = verifyModule(module.bytes);
    expect(reasons.length > 0 ? reasons : tryModule(module.bytes, configuration)).toContainEqual(
      expect.stringMatching(reason),
    );
  });

  test("a start section: stopped before shipping, and never shown to an Envoy, which it would crash", () => {
    expect(verifyModule(startSection)).toContainEqual(
      expect.stringMatching(/^the module has a start section, which runs before /),
    );
  });

  test.for(bad)(
    "%s: shipped all the same, Envoy refuses it and goes on with the old filter",
    async ([, change]) => {
      expect(await mark()).toBe("good");
      said.length = 0;
      rollouts.ads.setSnapshot("app", snapshotOf(good, change(slot)));
      const outcome = await rollouts.ads.waitForAcks("app", 10_000);
      expect(outcome).toMatchObject({ kind: "nacked", nacks: [{ node: "app", resources: [slot.place] }] });
      expect(said).toEqual([
        expect.stringMatching(
          /^wire: \[nack\] proxy "app" refused \S+, of policy `mark` \(filters\/mark\.cup:1\): .*Unable to create Wasm .*; it goes on with what it had$/s,
        ),
      ]);
      for (let turn = 0; turn < 5; turn++) expect(await mark()).toBe("good");
    },
  );

  test("a revision that Envoy refuses is rejected with its words, and what was in force goes on", async () => {
    rollouts.ads.setSnapshot("app", snapshotOf(good));
    const { revisions } = rollouts;
    const next = await built("worse");
    const chains = next.chains.map((chain) => ({
      ...chain,
      slots: chain.slots.map((each) => ({ ...each, configuration: "no policy of this module\n" })),
    }));
    const { number, turn } = apply({ ...next, chains });
    const waiting = revisions.waitForConvergence(number, 10_000);
    await expect(turn).rejects.toThrow(/proxy "app": .*Unable to create Wasm/);
    const reason = expect.stringMatching(/^proxy "app": .*Unable to create Wasm/);
    expect(await waiting).toEqual({ kind: "rejected", revision: number, reason });
    // Tried again, it is not sent again, and refused for the same reason.
    const again = apply({ ...next, chains });
    await expect(again.turn).rejects.toThrow(/proxy "app": .*Unable to create Wasm/);
    expect(again.number).toBe(number);
    expect(revisions.history.map(({ outcome }) => outcome.kind)).toEqual(["converged", "rejected"]);
    expect(await mark()).toBe("good");
    await expect
      .poll(() => revisions.receipts())
      .toMatchObject([{ service: "app", serving: { revision: 1 } }]);
  });

  test("a good module afterwards is taken", async () => {
    const { number, turn } = apply(await built("better"));
    expect([number, await turn]).toEqual([3, "done"]);
    await expect.poll(mark).toBe("better");
    expect(await rollouts.revisions.waitForConvergence(3, 10_000)).toMatchObject({
      ...{ kind: "converged", revision: 3 },
      proxies: [{ service: "app", acknowledged: { revision: 3 }, serving: { revision: 3 } }],
    });
  });

  test("an Envoy that does not answer is told of, and waited for", async () => {
    said.length = 0;
    process.kill(envoy.pid, "SIGSTOP");
    const { number, turn } = apply(await built("best"));
    await expect.poll(() => said, { timeout: 10_000 }).toContain("still waiting for the proxy of app");
    expect(await rollouts.revisions.waitForConvergence(number, 10)).toEqual({
      ...{ kind: "timeout", revision: number },
      missing: ["app"],
    });
    process.kill(envoy.pid, "SIGCONT");
    expect(await turn).toBe("done");
    await expect.poll(mark).toBe("best");
  });

  test("an Envoy that starts where its address is in use has no listener, and has it after the next start", async () => {
    await envoy.stop({ drainMs: 0 });
    const { address, port } = place();
    const other = createServer();
    await new Promise<void>((done) => other.listen(port, address, done));
    said.length = 0;
    envoy = await startProxy();
    await expect.poll(() => said, { timeout: 10_000 }).toEqual([expect.stringMatching(/in use/)]);
    await new Promise((done) => other.close(done));
    await envoy.stop({ drainMs: 0 });
    envoy = await startProxy();
    expect(await rollouts.ads.waitForAcks("app", 10_000)).toEqual({ kind: "acked" });
    expect(await mark()).toBe("best");
  });
});
