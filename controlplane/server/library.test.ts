import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { byName } from "../xds/resource.ts";
import { typeUrl } from "../xds/type-url.ts";
import { fakeProxy } from "./fake-proxy.test-helper.ts";
import type { Snapshot } from "./snapshot.ts";
import { start } from "./start.test-helper.ts";
import type { XdsServer } from "./xds-server.ts";

// What whoever uses the server as a library may get wrong, or right.

const { cluster, listener, route } = typeUrl;

function connect(server: XdsServer, node = "a") {
  const proxy = fakeProxy(server.port, node);
  onTestFinished(proxy.close);
  return proxy;
}

const one = (name: string, version = "1") => ({
  ...{ name, typeUrl: cluster, version, bytes: new Uint8Array() },
});

function clusters(version: string): Snapshot {
  return new Map([[cluster, byName([one("a", version)])]]);
}

test("a snapshot that gives a resource by another name, or among others, is an error", async () => {
  const server = await start();
  expect(() => server.setSnapshot("x", new Map([[cluster, new Map([["key", one("a")]])]]))).toThrow(
    `[snapshot] of node "x": "a" is there under the name of "key"`,
  );
  expect(() => server.setSnapshot("x", new Map([[listener, byName([one("a")])]]))).toThrow(
    `[snapshot] of node "x": "a" is ${cluster} among ${listener}`,
  );
  expect(server.status()).toEqual([]);
});

test("a port in use says nothing of anybody's command line", async () => {
  const { port } = await start();
  await expect(start({ listen: { host: "127.0.0.1", port } })).rejects.toThrow(
    new RegExp(`^\\[listen\\] xDS server on 127\\.0\\.0\\.1:${port}: the port is in use; choose another$`),
  );
});

describe("a node that nobody has given anything", () => {
  test("is known as long as its client is there", async () => {
    const server = await start();
    const proxies = ["x", "y", "y"].map((node) => connect(server, node));
    for (const proxy of proxies) proxy.ask(cluster);
    await expect.poll(() => server.counts()).toMatchObject({ nodes: 2, streams: 3 });
    for (const proxy of proxies) proxy.close();
    await expect.poll(() => server.counts()).toMatchObject({ nodes: 0, streams: 0 });
    expect(server.status()).toEqual([]);
  });

  test("is not made by waiting for it, and is waited for all the same", async () => {
    const server = await start();
    expect(await server.waitForAcks("a", 10)).toEqual({ kind: "timeout" });
    const waiting = server.waitForAcks("a", 20_000);
    expect(server.counts().nodes).toBe(0);
    const proxy = connect(server);
    proxy.ask(cluster);
    await expect.poll(() => server.counts().nodes).toBe(1);
    proxy.close();
    await expect.poll(() => server.counts().nodes).toBe(0);
    server.setSnapshot("a", clusters("1"));
    const again = connect(server);
    again.ask(cluster);
    again.ack(await again.next(cluster));
    expect(await waiting).toEqual({ kind: "acked" });
  });
});

test("times beyond what a timer can wait are as good as never, not at once", async () => {
  const days = 86_400_000;
  const server = await start({ limits: { streamAgeMsMax: 300 * days, keepaliveMs: 300 * days } });
  server.setSnapshot("a", clusters("1"), { revision: "1" });
  const proxy = connect(server);
  proxy.ask(cluster);
  const response = await proxy.next(cluster);
  const waiting = [
    server.waitForAcks("a", Number.POSITIVE_INFINITY),
    server.waitForConvergence("1", 300 * days),
  ] as const;
  await sleep(50);
  proxy.ack(response);
  expect(await waiting[0]).toEqual({ kind: "acked" });
  expect(await waiting[1]).toMatchObject({ kind: "converged" });
  expect(server.counts().streams).toBe(1);
});

describe("what is called and throws", () => {
  const thrown: unknown[] = [];
  const fail = (): never => {
    throw new Error("a user's mistake");
  };
  const listeners: NodeJS.UncaughtExceptionListener[] = [];
  const takeExceptions = (): void => {
    // Vitest's own would count what is thrown on purpose as a failure.
    listeners.push(...process.listeners("uncaughtException"));
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", (error) => thrown.push(error));
  };
  afterEach(() => {
    process.removeAllListeners("uncaughtException");
    for (const each of listeners.splice(0)) process.on("uncaughtException", each);
    thrown.length = 0;
  });

  test("does not keep the client from its answer, and is nobody's error", async () => {
    takeExceptions();
    const server = await start({ onNack: fail, onAck: fail, onConnected: fail });
    server.setSnapshot("a", clusters("1"));
    const proxy = connect(server);
    proxy.ask(cluster);
    proxy.ack(await proxy.next(cluster));
    expect(await server.waitForAcks("a", 2_000)).toEqual({ kind: "acked" });
    server.setSnapshot("a", clusters("2"));
    proxy.nack(await proxy.next(cluster), "no");
    expect((await proxy.next(cluster)).resources[0]?.version).toBe("1");
    await expect.poll(() => thrown.length).toBeGreaterThanOrEqual(3);
    expect(thrown).toContainEqual(new Error("a user's mistake"));
  });

  test("where it was to say who may connect, nobody may", async () => {
    takeExceptions();
    const server = await start({ refuses: fail });
    const proxy = connect(server);
    proxy.ask(cluster);
    expect(await proxy.ended).toEqual({ code: 7, details: "whether it may be this node is not known" });
    await expect.poll(() => thrown).toEqual([new Error("a user's mistake")]);
  });
});

test("who is turned away is told of, with what it says it is", async () => {
  const refused: unknown[] = [];
  const server = await start({
    refuses: (_, node) => (node === "b" ? "not you" : undefined),
    onRefused: ({ peer, ...rest }) =>
      refused.push({ ...rest, isLocal: peer.address.startsWith("127.0.0.1:") }),
  });
  const proxy = connect(server, "b");
  proxy.ask(cluster);
  await proxy.ended;
  expect(refused).toEqual([{ node: "b", why: "permission_denied", details: "not you", isLocal: true }]);
  const nobody = connect(server);
  nobody.sendBytes(Uint8Array.of(255));
  await nobody.ended;
  expect(refused.at(-1)).toEqual({
    ...{ why: "invalid_argument", details: "not a discovery request", isLocal: true },
  });
});

describe("a client that has all listeners", () => {
  const whole: Snapshot = new Map([
    [cluster, byName([one("a"), one("b")])],
    [listener, byName([{ ...one("in"), typeUrl: listener }])],
    [route, byName([{ ...one("in"), typeUrl: route }])],
  ]);

  test("and names its clusters has what it names, and nothing waits for the others", async () => {
    const server = await start();
    server.setSnapshot("a", whole);
    const proxy = connect(server);
    proxy.ask(cluster, { resourceNamesSubscribe: ["a"] });
    const clusters = await proxy.next(cluster);
    expect(clusters.resources.map(({ name }) => name)).toEqual(["a"]);
    proxy.ask(listener);
    // They wait for what it has asked for.
    expect(await proxy.quiet()).toEqual([]);
    proxy.ack(clusters);
    proxy.ack(await proxy.next(listener));
    proxy.ask(route, { resourceNamesSubscribe: ["in"] });
    proxy.ack(await proxy.next(route));
    expect(await server.waitForAcks("a", 2_000)).toEqual({ kind: "acked" });
  });

  test("and asks for no clusters has them from elsewhere, as is plain after a while", async () => {
    const server = await start();
    server.setSnapshot("a", whole);
    const proxy = connect(server);
    proxy.ask(listener);
    expect(await proxy.quiet()).toEqual([]);
    await sleep(5_000);
    proxy.ack(await proxy.next(listener));
    proxy.ask(route, { resourceNamesSubscribe: ["in"] });
    proxy.ack(await proxy.next(route));
    expect(await server.waitForAcks("a", 2_000)).toEqual({ kind: "acked" });
  });
});
