import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { type Build, build } from "../pipeline/build.ts";
import { cuttable } from "../server/cuttable.test-helper.ts";
import { fakeProxy } from "../server/fake-proxy.test-helper.ts";
import { typeUrl } from "../xds/type-url.ts";
import { eventText } from "./event-text.ts";
import { type Rollouts, startRollouts } from "./start-rollouts.ts";

const policy = "policy mark ( act (Request r) context ('app') ) { [Ingress] SetHeader(r, 'a', 'b'); }";
const mesh = { path: "mesh.yaml", text: "name: one\nservices:\n  app: { entry: true }\n" };

let rollouts: Rollouts;
let said: string[];

async function built(): Promise<Build> {
  const { build: made } = await build({ policies: [{ path: "mark.cup", text: policy }], mesh });
  if (made === undefined) throw new Error("the policy does not build");
  return made;
}

beforeEach(async () => {
  said = [];
  rollouts = await startRollouts({
    server: { listen: { host: "127.0.0.1", port: 0 } },
    observe: (event) => said.push(...[eventText(event)].filter((line) => line !== undefined)),
  });
});

afterEach(() => rollouts.ads.close());

test("a client that is turned away is told of, once for each reason", async () => {
  await rollouts.ads.close();
  rollouts = await startRollouts({
    server: {
      listen: { host: "127.0.0.1", port: 0 },
      refuses: (_, node) => (node === "app" ? undefined : `nobody may be ${node}`),
    },
    observe: (event) => said.push(...[eventText(event)].filter((line) => line !== undefined)),
  });
  for (const node of ["other", "other", "another"]) {
    const proxy = fakeProxy(rollouts.ads.port, node);
    const before = rollouts.ads.counts().refusals.get("permission_denied") ?? 0;
    proxy.ask(typeUrl.cluster);
    await expect.poll(() => rollouts.ads.counts().refusals.get("permission_denied")).toBe(before + 1);
    proxy.close();
  }
  expect(said).toEqual([
    expect.stringMatching(
      /^wire: a client that says it is other at 127\.0\.0\.1:\d+ is turned away: nobody may be other$/,
    ),
    expect.stringMatching(/is another at .* is turned away: nobody may be another$/),
  ]);
});

test("a proxy that refuses what it is sent is told of, once and with its reason", async () => {
  const made = await built();
  void rollouts.controlPlane.apply(made);
  const proxy = fakeProxy(rollouts.ads.port, "app");
  proxy.ask(typeUrl.cluster);
  proxy.nack(await proxy.next(typeUrl.cluster), "no such thing");
  await expect.poll(() => said).toContain("the proxy of app refuses what it is sent");
  const [name] = [...made.chains].flatMap(({ service }) => `local/${service}`);
  expect(said).toEqual([
    "starting the proxies: app",
    `wire: [nack] proxy "app" refused ${name}: no such thing; it goes on with what it had`,
    "the proxy of app refuses what it is sent",
  ]);
  expect(rollouts.newest).toBe(made);
  proxy.close();
});

test("a proxy that has gone without a word is known to be gone before a change gives up on it", async () => {
  await rollouts.ads.close();
  const kinds: string[] = [];
  rollouts = await startRollouts({
    server: { listen: { host: "127.0.0.1", port: 0 } },
    observe: ({ kind }) => kinds.push(kind),
    stageTimeoutMs: 600,
  });
  const network = await cuttable(rollouts.ads.port);
  const proxy = fakeProxy(network.port, "app");
  onTestFinished(proxy.close);
  proxy.ask(typeUrl.cluster);
  await expect.poll(() => kinds).toEqual(["connected"]);
  network.cut();
  await expect.poll(() => kinds, { timeout: 5_000 }).toEqual(["connected", "disconnected"]);
});
