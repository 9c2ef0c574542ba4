import { afterEach, describe, expect, test } from "vitest";
import type { DeltaDiscoveryResponse } from "../xds/generated/envoy/service/discovery/v3/discovery_pb.ts";
import { byName, type Resource } from "../xds/resource.ts";
import { type TypeUrl, typeUrl } from "../xds/type-url.ts";
import { type FakeProxy, fakeProxy } from "./fake-proxy.test-helper.ts";
import type { Nack } from "./node.ts";
import type { Snapshot } from "./snapshot.ts";
import { createXdsServer, type XdsServer } from "./xds-server.ts";

const { cluster, endpoints, listener, extension, route } = typeUrl;

const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(nacks: Nack[] = []): Promise<XdsServer> {
  const server = await createXdsServer({
    listen: { host: "127.0.0.1", port: 0 },
    onNack: (nack) => nacks.push(nack),
  });
  closers.push(() => server.close());
  return server;
}

function connect(server: XdsServer, node = "rate"): FakeProxy {
  const proxy = fakeProxy(server.port, node);
  closers.push(proxy.close);
  return proxy;
}

/** Resources of a type, written `name=version`; the server never looks inside them. */
function some(type: TypeUrl, text: string): readonly Resource[] {
  return text
    .split(" ")
    .filter((each) => each !== "")
    .map((each) => {
      const [name = "", version = ""] = each.split("=");
      return { name, typeUrl: type, version, bytes: new Uint8Array() };
    });
}

function snapshot(parts: { c?: string; e?: string; l?: string; x?: string; r?: string }): Snapshot {
  return new Map([
    [cluster, byName(some(cluster, parts.c ?? ""))],
    [endpoints, byName(some(endpoints, parts.e ?? ""))],
    [listener, byName(some(listener, parts.l ?? ""))],
    [extension, byName(some(extension, parts.x ?? ""))],
    [route, byName(some(route, parts.r ?? ""))],
  ]);
}

const whole = { c: "a=1", e: "a=1", l: "in=1", x: "f=1", r: "in=1" };

function said(response: DeltaDiscoveryResponse): string {
  return [
    ...response.resources.map((each) => `${each.name}=${each.version}`),
    ...response.removedResources.map((name) => `-${name}`),
  ].join(" ");
}

/** Asks as Envoy does, in its order, and accepts everything. */
async function boot(proxy: FakeProxy): Promise<void> {
  proxy.ask(cluster);
  const first = await proxy.next(cluster);
  proxy.ask(endpoints, { resourceNamesSubscribe: ["a"] });
  proxy.ack(await proxy.next(endpoints));
  proxy.ack(first);
  proxy.ask(listener);
  const second = await proxy.next(listener);
  proxy.ask(extension, { resourceNamesSubscribe: ["f"] });
  proxy.ask(route, { resourceNamesSubscribe: ["in"] });
  proxy.ack(second);
  proxy.ack(await proxy.next(extension));
  proxy.ack(await proxy.next(route));
}

describe("an xDS server", () => {
  test("boots a proxy in order, and then is quiet", async () => {
    const server = await start();
    server.setSnapshot("rate", snapshot(whole));
    const proxy = connect(server);
    await boot(proxy);
    expect(await server.waitForAcks("rate", 2000)).toEqual({ kind: "acked" });
    expect(await proxy.quiet()).toEqual([]);
    expect(server.status()).toMatchObject([{ node: "rate", connected: true, settled: true, nacks: [] }]);
  });

  test("P5: the same snapshot again sends nothing, a changed resource alone is sent", async () => {
    const server = await start();
    server.setSnapshot("rate", snapshot(whole));
    const proxy = connect(server);
    await boot(proxy);
    server.setSnapshot("rate", snapshot(whole));
    expect(await proxy.quiet()).toEqual([]);
    server.setSnapshot("rate", snapshot({ ...whole, x: "f=2" }));
    const response = await proxy.next(extension);
    expect(said(response)).toBe("f=2");
    proxy.ack(response);
    expect(await server.waitForAcks("rate", 2000)).toEqual({ kind: "acked" });
  });

  test("what was set before comes back, also when the change is not acknowledged yet", async () => {
    const server = await start();
    const before = snapshot({ c: "a=1 b=1" });
    server.setSnapshot("rate", before);
    const proxy = connect(server);
    proxy.ask(cluster);
    proxy.ack(await proxy.next(cluster));
    expect(await server.waitForAcks("rate", 2000)).toEqual({ kind: "acked" });
    server.setSnapshot("rate", snapshot({ c: "a=2 b=1" }));
    const change = await proxy.next(cluster);
    expect(said(change)).toBe("a=2");
    server.setSnapshot("rate", before);
    const back = await proxy.next(cluster);
    expect(said(back)).toBe("a=1");
    proxy.ack(change);
    proxy.ack(back);
    expect(await server.waitForAcks("rate", 2000)).toEqual({ kind: "acked" });
    expect(await proxy.quiet()).toEqual([]);
  });

  test("P13: a reconnect to another server with the same snapshot gets no resource", async () => {
    const server = await start();
    server.setSnapshot("rate", snapshot(whole));
    const proxy = connect(server);
    proxy.ask(cluster, { initialResourceVersions: { a: "1" } });
    proxy.ask(endpoints, { initialResourceVersions: { a: "1" }, resourceNamesSubscribe: ["a"] });
    proxy.ask(listener, { initialResourceVersions: { in: "1" } });
    proxy.ask(extension, { initialResourceVersions: { f: "1" }, resourceNamesSubscribe: ["f"] });
    proxy.ask(route, { initialResourceVersions: { in: "1" }, resourceNamesSubscribe: ["in"] });
    expect(await proxy.quiet()).toEqual([]);
    expect(await server.waitForAcks("rate", 2000)).toEqual({ kind: "acked" });
  });

  test("P21: routes wait for clusters, endpoints, listeners and filters; removals come last", async () => {
    const server = await start();
    server.setSnapshot("rate", snapshot(whole));
    const proxy = connect(server);
    await boot(proxy);
    server.setSnapshot("rate", snapshot({ c: "b=1", e: "b=1", l: "in=1", x: "f=1", r: "in=2" }));
    const added = await proxy.next(cluster);
    expect(said(added)).toBe("b=1");
    expect(await proxy.quiet()).toEqual([]);
    proxy.ask(endpoints, { resourceNamesSubscribe: ["b"] });
    proxy.ack(await proxy.next(endpoints));
    proxy.ack(added);
    const routes = await proxy.next(route);
    expect(said(routes)).toBe("in=2");
    expect(await proxy.quiet()).toEqual([]);
    proxy.ack(routes);
    const removed = await proxy.next(cluster);
    expect(said(removed)).toBe("-a");
    proxy.ack(removed);
    expect(await server.waitForAcks("rate", 2000)).toEqual({ kind: "acked" });
  });

  test("P4, P18: a refused version is reported, not sent again, and the last good one comes back", async () => {
    const nacks: Nack[] = [];
    const server = await start(nacks);
    server.setSnapshot("rate", snapshot(whole));
    const proxy = connect(server);
    await boot(proxy);
    server.setSnapshot("rate", snapshot({ ...whole, x: "f=2", r: "in=2" }));
    proxy.nack(await proxy.next(extension), "Unable to create Wasm plugin f");
    const nack = {
      node: "rate",
      typeUrl: extension,
      resources: ["f"],
      message: "Unable to create Wasm plugin f",
    };
    expect(await server.waitForAcks("rate", 2000)).toEqual({ kind: "nacked", nacks: [nack] });
    expect(nacks).toEqual([nack]);
    // The last good one is sent at once, since the proxy may hold a part of the new; the routes wait for the filter.
    const back = await proxy.next(extension);
    expect(said(back)).toBe("f=1");
    proxy.ack(back);
    expect(await proxy.quiet()).toEqual([]);
    server.setSnapshot("rate", snapshot(whole));
    expect(await proxy.quiet()).toEqual([]);
    expect(await server.waitForAcks("rate", 2000)).toEqual({ kind: "acked" });
  });

  test("what stands in for what was refused has the clusters that it leads to, for a fresh proxy as well", async () => {
    const server = await start();
    server.setSnapshot("rate", snapshot(whole));
    const proxy = connect(server);
    await boot(proxy);
    expect(await server.waitForAcks("rate", 2000)).toEqual({ kind: "acked" });
    const refused = snapshot({ ...whole, c: "", e: "", r: "in=2" });
    server.setSnapshot("rate", refused);
    proxy.nack(await proxy.next(route), "no");
    const good = await proxy.next(route);
    expect(said(good)).toBe("in=1");
    proxy.ack(good);
    server.setSnapshot("rate", snapshot({}));
    for (const text of ["-in", "-a"]) {
      const gone = await proxy.next(text === "-in" ? listener : cluster);
      expect(said(gone)).toBe(text);
      proxy.ack(gone);
    }
    expect(await server.waitForAcks("rate", 2000)).toEqual({ kind: "acked" });
    proxy.close();
    server.setSnapshot("rate", refused);
    await expect.poll(() => server.counts().streams).toBe(0);
    const fresh = connect(server);
    fresh.ask(cluster);
    expect(said(await fresh.next(cluster))).toBe("a=1");
  });

  test("of several refused together, what the message does not name goes on, and what it names is tried alone", async () => {
    const nacks: Nack[] = [];
    const server = await start(nacks);
    server.setSnapshot("rate", snapshot({ c: "a=1 a|v1=1" }));
    const proxy = connect(server);
    proxy.ask(cluster);
    proxy.nack(await proxy.next(cluster), "Error adding/updating cluster(s) a|v1: no");
    const rest = await proxy.next(cluster);
    expect(said(rest)).toBe("a=1");
    expect(nacks).toEqual([]);
    proxy.ack(rest);
    const named = await proxy.next(cluster);
    expect(said(named)).toBe("a|v1=1");
    proxy.nack(named, "Error adding/updating cluster(s) a|v1: no");
    expect(await server.waitForAcks("rate", 2000)).toMatchObject({ kind: "nacked" });
    expect(nacks.map((nack) => nack.resources)).toEqual([["a|v1"]]);
    expect(await proxy.quiet()).toEqual([]);
  });

  test("of several refused together, none of them named, halves are tried until one is left, and the rest is in force", async () => {
    const nacks: Nack[] = [];
    const server = await start(nacks);
    const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    server.setSnapshot("rate", snapshot({ c: names.map((name) => `${name}=1`).join(" ") }));
    const proxy = connect(server);
    proxy.ask(cluster);
    const taken = new Set<string>();
    let responses = 0;
    while (taken.size < names.length - 1) {
      const response = await proxy.next(cluster);
      responses++;
      const sent = response.resources.map(({ name }) => name);
      if (sent.includes("f")) proxy.nack(response, "no");
      else {
        for (const name of sent) taken.add(name);
        proxy.ack(response);
      }
    }
    expect(nacks.map((nack) => nack.resources)).toEqual([["f"]]);
    expect([...taken].sort()).toEqual(names.filter((name) => name !== "f"));
    expect(responses).toBeLessThanOrEqual(8);
    expect(await proxy.quiet()).toEqual([]);
  });

  test("what one proxy of a group refuses is not given to another, until the last of them is gone", async () => {
    const server = await createXdsServer({
      listen: { host: "127.0.0.1", port: 0 },
      groupOf: (node) => node.split("-")[0] ?? node,
    });
    closers.push(() => server.close());
    for (const node of ["rate-1", "rate-2", "geo-1"]) server.setSnapshot(node, snapshot({ c: "a=1" }));
    const first = connect(server, "rate-1");
    first.ask(cluster);
    first.nack(await first.next(cluster), "no");
    expect(await server.waitForAcks("rate-1", 2000)).toMatchObject({ kind: "nacked" });
    const firstOf = async (node: string): Promise<string> => {
      const proxy = connect(server, node);
      proxy.ask(cluster);
      return said(await proxy.next(cluster));
    };
    expect([await firstOf("rate-2"), await firstOf("geo-1")]).toEqual(["", "a=1"]);
    for (const node of ["rate-1", "rate-2"]) server.removeNode(node);
    server.setSnapshot("rate-3", snapshot({ c: "a=1" }));
    expect(await firstOf("rate-3")).toBe("a=1");
  });

  test("a refused version stays refused over a reconnect", async () => {
    const server = await start();
    server.setSnapshot("rate", snapshot({ c: "a=1" }));
    const proxy = connect(server);
    proxy.ask(cluster);
    proxy.nack(await proxy.next(cluster), "no");
    await server.waitForAcks("rate", 2000);
    proxy.close();
    const again = connect(server);
    again.ask(cluster);
    expect(said(await again.next(cluster))).toBe("");
  });

  test("a proxy that comes before its snapshot waits, and time runs out without one", async () => {
    const server = await start();
    const proxy = connect(server);
    proxy.ask(cluster);
    expect(await proxy.quiet()).toEqual([]);
    expect(await server.waitForAcks("rate", 20)).toEqual({ kind: "timeout" });
    server.setSnapshot("rate", snapshot({ c: "a=1" }));
    expect(said(await proxy.next(cluster))).toBe("a=1");
  });

  test("a node that is removed loses its stream, which is told of", async () => {
    const disconnected: string[] = [];
    const server = await createXdsServer({
      listen: { host: "127.0.0.1", port: 0 },
      onDisconnected: (node) => disconnected.push(node),
    });
    closers.push(() => server.close());
    server.setSnapshot("rate", snapshot({}));
    const proxy = connect(server);
    proxy.ask(cluster);
    await proxy.next(cluster);
    server.removeNode("rate");
    expect(disconnected).toEqual(["rate"]);
    expect(await proxy.ended).toMatchObject({ code: 0 });
    expect(server.status()).toEqual([]);
  });

  test("a port in use is one clear error", async () => {
    const server = await start();
    await expect(createXdsServer({ listen: { host: "127.0.0.1", port: server.port } })).rejects.toThrow(
      `[listen] xDS server on 127.0.0.1:${server.port}: the port is in use`,
    );
  });
});
