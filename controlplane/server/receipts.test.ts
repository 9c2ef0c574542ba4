import { afterEach, expect, test } from "vitest";
import { byName, type Resource } from "../xds/resource.ts";
import { typeUrl } from "../xds/type-url.ts";
import { type FakeProxy, fakeProxy } from "./fake-proxy.test-helper.ts";
import { createProgress } from "./receipts.ts";
import type { Snapshot } from "./snapshot.ts";
import { createXdsServer, type XdsServer } from "./xds-server.ts";

const { cluster } = typeUrl;
const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(acknowledged: string[] = []): Promise<XdsServer> {
  const server = await createXdsServer({
    listen: { host: "127.0.0.1", port: 0 },
    onAcknowledged: (node, revision) => acknowledged.push(`${node} ${revision}`),
  });
  closers.push(() => server.close());
  return server;
}

function connect(server: XdsServer, node: string): FakeProxy {
  const proxy = fakeProxy(server.port, node);
  closers.push(proxy.close);
  proxy.ask(cluster);
  return proxy;
}

/** One cluster, in a version. */
function snapshot(version: string): Snapshot {
  const one: Resource = { name: "a", typeUrl: cluster, version, bytes: new Uint8Array() };
  return new Map([[cluster, byName([one])]]);
}

test("a receipt says what was given, sent and acknowledged, and when; a step on the way acknowledges nothing", () => {
  let atMs = 1;
  const progress = createProgress(() => atMs);
  progress.sent();
  expect([progress.settled(), progress.receipt()]).toEqual([false, {}]);
  progress.give({ revision: "1" });
  progress.sent();
  atMs = 2;
  expect([progress.settled(), progress.settled(), progress.has("1"), progress.has("2")]).toEqual([
    ...[true, false],
    ...[true, false],
  ]);
  atMs = 3;
  progress.give({ revision: "2", partial: true });
  progress.sent();
  expect(progress.settled()).toBe(false);
  expect(progress.receipt()).toEqual({
    given: "2",
    sent: { revision: "2", atMs: 3 },
    acknowledged: { revision: "1", atMs: 2 },
  });
  atMs = 4;
  progress.give({ revision: "2" });
  expect([progress.settled(), progress.has("2")]).toEqual([true, true]);
  // Nothing had to be sent for this one.
  atMs = 5;
  progress.give({ revision: "3" });
  progress.settled();
  expect(progress.receipt()).toMatchObject({ sent: { revision: "3", atMs: 5 } });
});

test("a revision has converged when all who were given it and are connected have acknowledged it", async () => {
  const acknowledged: string[] = [];
  const server = await start(acknowledged);
  const [a, b] = [connect(server, "a"), connect(server, "b")];
  for (const node of ["a", "b", "away"]) server.setSnapshot(node, snapshot("1"), { revision: "one" });
  a.ack(await a.next(cluster));
  expect(await server.waitForConvergence("one", 50)).toEqual({ kind: "timeout", missing: ["b"] });
  const waiting = server.waitForConvergence("one", 5_000);
  b.ack(await b.next(cluster));
  const converged = await waiting;
  expect(converged).toMatchObject({
    kind: "converged",
    receipts: [
      { node: "a", connected: true, acknowledged: { revision: "one" }, refused: [] },
      { node: "b", connected: true, sent: { revision: "one" }, acknowledged: { revision: "one" } },
      { node: "away", connected: false, given: "one" },
    ],
  });
  expect(acknowledged).toEqual(["a one", "b one"]);
  // One that comes late is waited for from then on, and so is one that has lost what it had.
  const late = connect(server, "away");
  const response = await late.next(cluster);
  expect(await server.waitForConvergence("one", 50)).toEqual({ kind: "timeout", missing: ["away"] });
  late.ack(response);
  expect(await server.waitForConvergence("one", 5_000)).toMatchObject({ kind: "converged" });
  a.close();
  await expect.poll(() => server.receipts()[0]?.connected).toBe(false);
  const fresh = connect(server, "a");
  const again = await fresh.next(cluster);
  // Whatever another one of its name has acknowledged, this one runs nothing.
  expect(server.receipts()[0]).not.toHaveProperty("acknowledged");
  expect(await server.waitForConvergence("one", 50)).toEqual({ kind: "timeout", missing: ["a"] });
  fresh.ack(again);
  expect(await server.waitForConvergence("one", 5_000)).toMatchObject({ kind: "converged" });
  expect(acknowledged).toEqual(["a one", "b one", "away one", "a one"]);
});

test("one that comes back with what it had has acknowledged it", async () => {
  const server = await start();
  server.setSnapshot("a", snapshot("1"), { revision: "one" });
  const proxy = connect(server, "a");
  proxy.ack(await proxy.next(cluster));
  await server.waitForConvergence("one", 5_000);
  const [before] = server.receipts();
  proxy.close();
  await expect.poll(() => server.receipts()[0]?.connected).toBe(false);
  const back = fakeProxy(server.port, "a");
  closers.push(back.close);
  back.ask(cluster, { initialResourceVersions: { a: "1" } });
  await expect.poll(() => server.receipts()).toEqual([before]);
});

test("one that refuses is named with its words, also while it has what was good before", async () => {
  const server = await start();
  server.setSnapshot("a", snapshot("1"), { revision: "one" });
  const proxy = connect(server, "a");
  proxy.ack(await proxy.next(cluster));
  await server.waitForConvergence("one", 5_000);
  server.setSnapshot("a", snapshot("2"), { revision: "two" });
  const waiting = server.waitForConvergence("two", 5_000);
  proxy.nack(await proxy.next(cluster), "no such thing");
  expect(await waiting).toMatchObject({ kind: "nacked", nacks: [{ node: "a", message: "no such thing" }] });
  proxy.ack(await proxy.next(cluster));
  await proxy.quiet();
  expect(server.receipts()).toMatchObject([
    { given: "two", acknowledged: { revision: "one" }, refused: ["no such thing"] },
  ]);
  expect(await server.waitForConvergence("two", 50)).toMatchObject({ kind: "nacked" });
});

test("one that is given something else, or that nobody was given, is not waited for", async () => {
  const server = await start();
  expect(await server.waitForConvergence("one", 5_000)).toEqual({ kind: "replaced" });
  server.setSnapshot("a", snapshot("1"), { revision: "one" });
  const proxy = connect(server, "a");
  await proxy.next(cluster);
  const waiting = server.waitForConvergence("one", 5_000);
  server.setSnapshot("a", snapshot("1"), { revision: "two" });
  expect(await waiting).toEqual({ kind: "replaced" });
  const gone = server.waitForConvergence("two", 5_000);
  server.removeNode("a");
  expect(await gone).toEqual({ kind: "converged", receipts: [] });
});

test("what a node has refused, and is given once more, is told at once: it is not sent again", async () => {
  const server = await start();
  server.setSnapshot("a", snapshot("1"), { revision: "one" });
  const proxy = connect(server, "a");
  proxy.ack(await proxy.next(cluster));
  await server.waitForConvergence("one", 5_000);
  server.setSnapshot("a", snapshot("2"), { revision: "two" });
  proxy.nack(await proxy.next(cluster), "no such thing");
  proxy.ack(await proxy.next(cluster));
  server.setSnapshot("a", snapshot("1"), { revision: "one" });
  await server.waitForConvergence("one", 5_000);
  server.setSnapshot("a", snapshot("2"), { revision: "two" });
  const nacked = {
    kind: "nacked",
    nacks: [{ node: "a", typeUrl: cluster, resources: ["a"], message: "no such thing" }],
  };
  expect(await server.waitForAcks("a", 5_000)).toEqual(nacked);
  expect(await server.waitForConvergence("two", 5_000)).toEqual(nacked);
  expect(server.receipts()).toMatchObject([{ given: "two", acknowledged: { revision: "one" } }]);
  server.setSnapshot("a", snapshot("1"), { revision: "three" });
  expect(await server.waitForConvergence("three", 5_000)).toMatchObject({ kind: "converged" });
});
