import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { create, fromBinary } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, onTestFinished, test } from "vitest";
import { ClusterSchema } from "../xds/generated/envoy/config/cluster/v3/cluster_pb.ts";
import { ClusterLoadAssignmentSchema } from "../xds/generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import {
  type DeltaDiscoveryResponse,
  type DiscoveryResponse,
  ResourceSchema,
} from "../xds/generated/envoy/service/discovery/v3/discovery_pb.ts";
import { byName, mapOf, type Resource, resource } from "../xds/resource.ts";
import { type TypeUrl, typeUrl } from "../xds/type-url.ts";
import { cuttable } from "./cuttable.test-helper.ts";
import { emptyAssignment } from "./empty-assignment.ts";
import { type FakeOptions, fakeProxy, fakeSotwProxy } from "./fake-proxy.test-helper.ts";
import { startGrpcJsTransport } from "./grpc-js-transport.ts";
import { startHttp2Transport } from "./http2-transport.ts";
import { rawConnection } from "./raw-client.test-helper.ts";
import type { Snapshot } from "./snapshot.ts";
import { start } from "./start.test-helper.ts";
import type { XdsServer } from "./xds-server.ts";

// Each rule of xds.md by its number, in both forms where it is about both.

const { cluster, endpoints, listener, extension, route, virtualHost, secret, scopedRoutes } = typeUrl;
type Kind = keyof typeof typeUrl;

function delta(server: XdsServer, options: Partial<FakeOptions> = {}) {
  const proxy = fakeProxy(server.port, { node: "a", ...options });
  onTestFinished(proxy.close);
  return proxy;
}

function sotw(server: XdsServer, options: Partial<FakeOptions> = {}) {
  const proxy = fakeSotwProxy(server.port, { node: "a", ...options });
  onTestFinished(proxy.close);
  return proxy;
}

const utf8 = new TextEncoder();

/** Resources by kind, written `name=version`; the server never looks inside. */
function snapshot(parts: Partial<Record<Kind, string | readonly Resource[]>>): Snapshot {
  return new Map(
    Object.entries(parts).map(([kind, text]) => {
      const type = typeUrl[kind as Kind];
      return [type, byName(typeof text === "string" ? resources(type, text) : text)];
    }),
  );
}

function resources(type: TypeUrl, text: string): readonly Resource[] {
  return text
    .split(" ")
    .filter((each) => each !== "")
    .map((each) => {
      const [name = "", version = ""] = each.split("=");
      return { name, typeUrl: type, version, bytes: utf8.encode(each) };
    });
}

/** What a response says. */
function said(response: DeltaDiscoveryResponse | DiscoveryResponse): string {
  const texts =
    response.$typeName === "envoy.service.discovery.v3.DeltaDiscoveryResponse"
      ? [
          ...response.resources.map(({ name, version, resource }) =>
            resource === undefined ? `${name}?` : `${name}=${version}`,
          ),
          ...response.removedResources.map((name) => `-${name}`),
        ]
      : response.resources.map(({ value }) => new TextDecoder().decode(value));
  return [...texts, ...response.resourceErrors.map(({ resourceName }) => `!${resourceName?.name}`)].join(" ");
}

const whole = { cluster: "a=1", endpoints: "a=1", listener: "in=1", extension: "f=1", route: "in=1" };

describe("streams", () => {
  test("P1: the first request has to say who asks", async () => {
    const server = await start();
    for (const proxy of [delta(server, { node: "" }), sotw(server, { node: "" })]) {
      proxy.ask(cluster);
      expect(await proxy.ended).toEqual({ code: 3, details: "the first request has no node.id" });
    }
  });

  test("P2: on the aggregated service a request names its type, on another the service does", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot(whole));
    const aggregated = delta(server);
    aggregated.ask("");
    expect(await aggregated.ended).toEqual({ code: 3, details: "the request has no type_url" });
    const path = "/envoy.service.cluster.v3.ClusterDiscoveryService/DeltaClusters";
    const clusters = delta(server, { path });
    clusters.ask("");
    expect(said(await clusters.next(cluster))).toBe("a=1");
    const wrong = delta(server, { path });
    wrong.ask(route);
    expect(await wrong.ended).toMatchObject({ code: 3, details: expect.stringContaining("has no ") });
    const states = sotw(server, { path: path.replace("Delta", "Stream") });
    states.ask("");
    expect(said(await states.next(cluster))).toBe("a=1");
  });

  test("P2: each type counts by itself", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ cluster: "a=1", secret: "s=1" }));
    const proxy = delta(server);
    proxy.ask(cluster);
    const first = await proxy.next(cluster);
    proxy.ask(secret, { resourceNamesSubscribe: ["s"], responseNonce: first.nonce });
    // A nonce of another type acknowledges nothing.
    expect(said(await proxy.next(secret))).toBe("s=1");
    expect(server.status()[0]?.types.get(cluster)?.get("a")).toEqual({ sent: "1" });
  });

  test("P3: nonces differ; a stale one voids a request in the state of the world, and no subscription in the other form", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ endpoints: "a=1 b=1" }));
    const incremental = delta(server);
    incremental.ask(endpoints, { resourceNamesSubscribe: ["a"] });
    const first = await incremental.next(endpoints);
    incremental.ask(endpoints, { resourceNamesSubscribe: ["b"], responseNonce: "stale" });
    const second = await incremental.next(endpoints);
    expect(said(second)).toBe("b=1");
    expect(second.nonce).not.toBe(first.nonce);
    // Nor does it acknowledge or refuse anything.
    expect([...(server.status()[0]?.types.get(endpoints) ?? [])]).toEqual([
      ["a", { sent: "1" }],
      ["b", { sent: "1" }],
    ]);
    incremental.ask(endpoints, { responseNonce: "stale", errorDetail: { code: 13, message: "no" } });
    expect(await incremental.quiet()).toEqual([]);
    expect(server.status()[0]?.nacks).toEqual([]);
    const states = sotw(server);
    states.ask(endpoints, { resourceNames: ["a"] });
    states.ack(await states.next(endpoints));
    states.ask(endpoints, { resourceNames: ["a", "b"], responseNonce: "stale" });
    expect(await states.quiet()).toEqual([]);
  });

  test("P4: what is refused is not sent again, in either form; nothing else is a refusal", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ cluster: "a=1" }));
    const incremental = delta(server);
    incremental.ask(cluster);
    incremental.nack(await incremental.next(cluster), "no");
    expect(await incremental.quiet()).toEqual([]);
    expect(await server.waitForAcks("a", 1000)).toMatchObject({
      kind: "nacked",
      nacks: [{ resources: ["a"] }],
    });
    server.setSnapshot("b", snapshot({ cluster: "a=1" }));
    const states = sotw(server, { node: "b" });
    states.ask(cluster);
    const first = await states.next(cluster);
    // An empty version with the nonce of the response is an acknowledgement all the same.
    states.ask(cluster, { responseNonce: first.nonce, versionInfo: "" });
    expect(await server.waitForAcks("b", 1000)).toEqual({ kind: "acked" });
    server.setSnapshot("b", snapshot({ cluster: "a=2" }));
    states.nack(await states.next(cluster), "no");
    expect(said(await states.next(cluster))).toBe("a=1");
    expect(await server.waitForAcks("b", 1000)).toMatchObject({ kind: "nacked" });
  });

  test("P5: what has not changed is not said again, and an acknowledgement is not answered", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ cluster: "a=1" }));
    const [incremental, states] = [delta(server), sotw(server)];
    for (const proxy of [incremental, states]) proxy.ask(cluster);
    incremental.ack(await incremental.next(cluster));
    states.ack(await states.next(cluster));
    expect([await incremental.quiet(), await states.quiet()]).toEqual([[], []]);
    server.setSnapshot("a", snapshot({ cluster: "a=1" }));
    await sleep(50);
    expect(server.status()[0]?.settled).toBe(true);
  });

  test("P6: no response has a name twice, or as there and gone", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ endpoints: "a=1", virtualHost: "r/x=1" }));
    const proxy = delta(server);
    proxy.ask(endpoints, { resourceNamesSubscribe: ["a", "a", "gone", "gone"] });
    const there = await proxy.next(endpoints);
    const gone = await proxy.next(endpoints);
    expect([said(there), said(gone)]).toEqual(["a=1", "-gone"]);
    expect(there.resources.every(({ resource }) => resource?.typeUrl === there.typeUrl)).toBe(true);
  });
});

describe("the state of the world", () => {
  test("P7: clusters and listeners come whole, the others as far as they changed", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ cluster: "a=1 b=1", endpoints: "a=1 b=1" }));
    const proxy = sotw(server);
    proxy.ask(cluster);
    const clusters = await proxy.next(cluster);
    expect(said(clusters)).toBe("a=1 b=1");
    proxy.ask(endpoints, { resourceNames: ["a", "b"] });
    const both = await proxy.next(endpoints);
    expect(said(both)).toBe("a=1 b=1");
    proxy.ack(both);
    proxy.ack(clusters);
    // Until it has said so, a listener of long ago may lead to what is to go.
    proxy.ask(listener);
    proxy.ack(await proxy.next(listener));
    server.setSnapshot("a", snapshot({ cluster: "a=1 b=1", endpoints: "a=1 b=2" }));
    const changed = await proxy.next(endpoints);
    expect(said(changed)).toBe("b=2");
    proxy.ack(changed);
    server.setSnapshot("a", snapshot({ cluster: "a=1", endpoints: "a=1" }));
    // Its endpoints are not said to be gone in the state of the world, but that there are none is (P24), as long as the cluster is there.
    const none = await proxy.next(endpoints);
    expect(said(none)).toBe(new TextDecoder().decode(emptyAssignment("b").bytes));
    proxy.ack(none);
    const rest = await proxy.next(cluster);
    expect(said(rest)).toBe("a=1");
    proxy.ack(rest);
    server.setSnapshot("a", snapshot({}));
    proxy.ack(await proxy.next(endpoints));
    expect(said(await proxy.next(cluster))).toBe("");
  });

  test("P8: naming nothing is all until a name was said, and nothing from then on; `*` goes with names", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ cluster: "a=1 b=1" }));
    const proxy = sotw(server);
    proxy.ask(cluster);
    let last = await proxy.next(cluster);
    expect(said(last)).toBe("a=1 b=1");
    proxy.ask(cluster, { resourceNames: ["b"], responseNonce: last.nonce });
    last = await proxy.next(cluster);
    expect(said(last)).toBe("b=1");
    proxy.ask(cluster, { resourceNames: [], responseNonce: last.nonce });
    expect(await proxy.quiet()).toEqual([]);
    server.setSnapshot("a", snapshot({ cluster: "a=1 b=2" }));
    expect(await proxy.quiet()).toEqual([]);
    proxy.ask(cluster, { resourceNames: ["*", "b"], responseNonce: last.nonce });
    expect(said(await proxy.next(cluster))).toBe("a=1 b=2");
  });

  test("P9: a name that is asked for is sent, unchanged or not", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ route: "r=1 s=1" }));
    const proxy = sotw(server);
    proxy.ask(route, { resourceNames: ["r"] });
    let last = await proxy.next(route);
    proxy.ask(route, { resourceNames: ["r", "s"], responseNonce: last.nonce });
    last = await proxy.next(route);
    expect(said(last)).toBe("s=1");
    proxy.ask(route, { resourceNames: ["s"], responseNonce: last.nonce });
    proxy.ask(route, { resourceNames: ["r", "s"], responseNonce: last.nonce });
    expect(said(await proxy.next(route))).toBe("r=1");
  });

  test("P9: what is let go of is not known any more, by whatever name it comes back", async () => {
    const server = await start();
    const [shop] = resources(route, "shop=1");
    server.setSnapshot(
      "a",
      snapshot({ route: shop ? [...resources(route, "r=1"), { ...shop, aliases: ["other"] }] : [] }),
    );
    const proxy = sotw(server);
    proxy.ask(route, { resourceNames: ["r", "shop"] });
    const last = await proxy.next(route);
    proxy.ask(route, { resourceNames: ["r"], responseNonce: last.nonce, versionInfo: last.versionInfo });
    await proxy.quiet();
    expect([...(server.status()[0]?.types.get(route)?.keys() ?? [])]).toEqual(["r"]);
    proxy.ask(route, { resourceNames: ["r", "other"], responseNonce: last.nonce });
    expect(said(await proxy.next(route))).toBe("shop=1");
  });

  test.each([
    { by: "names", names: ["eu/f", "eu/g"], again: "eu/f=1" },
    { by: "their collection", names: ["eu/*"], again: "eu/f=1 eu/g=2" },
    { by: "all", names: ["*"], again: "eu/f=1 eu/g=2" },
  ])(
    "P9: what is let go of and wanted again, by $by, before a response is looked at is sent again",
    async ({ names, again }) => {
      const server = await start();
      server.setSnapshot("a", snapshot({ extension: "eu/f=1 eu/g=1" }));
      const proxy = sotw(server);
      proxy.ask(extension, { resourceNames: names });
      const first = await proxy.next(extension);
      proxy.ack(first);
      server.setSnapshot("a", snapshot({ extension: "eu/f=1 eu/g=2" }));
      const second = await proxy.next(extension);
      expect(said(second)).toBe("eu/g=2");
      proxy.ask(extension, { resourceNames: ["eu/g"], responseNonce: first.nonce });
      proxy.ask(extension, { resourceNames: names, responseNonce: first.nonce });
      // What was said before the last response was looked at is not answered (P3).
      expect(await proxy.quiet()).toEqual([]);
      proxy.ack(second);
      const third = await proxy.next(extension);
      expect(said(third)).toBe(again);
      expect(server.status()[0]?.settled).toBe(false);
      proxy.ack(third);
      expect(await server.waitForAcks("a", 10_000)).toEqual({ kind: "acked" });
    },
  );

  test("P16: a name that is let go of is not answered, and what becomes of it is told to a wildcard alone", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ cluster: "a=1 b=1", endpoints: "a=1 b=1" }));
    const proxy = sotw(server);
    proxy.ask(cluster, { resourceNames: ["*", "a"] });
    const clusters = await proxy.next(cluster);
    expect(said(clusters)).toBe("a=1 b=1");
    proxy.ask(endpoints, { resourceNames: ["a", "b"] });
    const both = await proxy.next(endpoints);
    proxy.ask(endpoints, { resourceNames: ["b"], responseNonce: both.nonce, versionInfo: both.versionInfo });
    proxy.ask(cluster, {
      ...{ resourceNames: ["*"], responseNonce: clusters.nonce },
      versionInfo: clusters.versionInfo,
    });
    expect(await proxy.quiet()).toEqual([]);
    server.setSnapshot("a", snapshot({ cluster: "a=1 b=1", endpoints: "a=2 b=2" }));
    const changed = await proxy.next(endpoints);
    expect(said(changed)).toBe("b=2");
    proxy.ask(endpoints, { resourceNames: ["b"], responseNonce: changed.nonce });
    server.setSnapshot("a", snapshot({ cluster: "a=2 b=1", endpoints: "a=2 b=2" }));
    expect(said(await proxy.next(cluster))).toBe("a=2 b=1");
  });

  test("P19: who asks by an alias has the resource, and is told once", async () => {
    const server = await start();
    const [shop] = resources(route, "shop=1");
    const given = (version: string): Snapshot =>
      snapshot({
        route: shop ? [{ ...shop, version, bytes: utf8.encode(`shop=${version}`), aliases: ["s"] }] : [],
      });
    server.setSnapshot("a", given("1"));
    const proxy = sotw(server);
    proxy.ask(route, { resourceNames: ["s", "none"] });
    const first = await proxy.next(route);
    expect(said(first)).toBe("shop=1 !none");
    proxy.ask(route, { resourceNames: ["s", "none"], responseNonce: first.nonce });
    expect(await proxy.quiet()).toEqual([]);
    expect(await server.waitForAcks("a", 1000)).toEqual({ kind: "acked" });
    server.setSnapshot("a", given("2"));
    expect(said(await proxy.next(route))).toBe("shop=2");
  });

  test("P20: a collection is all names below it, is told once, and again when it is asked for again", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ endpoints: "eu/a=1 eu/b=1 eu/b/c=1 us/a=1" }));
    const proxy = sotw(server);
    proxy.ask(endpoints, { resourceNames: ["eu/*", "asia/*"] });
    let last = await proxy.next(endpoints);
    expect(said(last)).toBe("eu/a=1 eu/b=1");
    proxy.ask(endpoints, { resourceNames: ["eu/*", "asia/*"], responseNonce: last.nonce });
    expect(await proxy.quiet()).toEqual([]);
    expect(await server.waitForAcks("a", 1000)).toEqual({ kind: "acked" });
    server.setSnapshot("a", snapshot({ endpoints: "eu/a=1 eu/b=2 eu/d=1" }));
    last = await proxy.next(endpoints);
    expect(said(last)).toBe("eu/b=2 eu/d=1");
    for (const resourceNames of [[], ["eu/*"]])
      proxy.ask(endpoints, { resourceNames, responseNonce: last.nonce });
    expect(said(await proxy.next(endpoints))).toBe("eu/a=1 eu/b=2 eu/d=1");
  });

  test("P10: the version is that of what there is, so that another server has nothing to say", async () => {
    const version = async (): Promise<string> => {
      const server = await start();
      server.setSnapshot("a", snapshot({ cluster: "a=1 b=1" }));
      const proxy = sotw(server);
      proxy.ask(cluster);
      return (await proxy.next(cluster)).versionInfo;
    };
    const [one, other] = [await version(), await version()];
    expect(one).toBe(other);
    const server = await start();
    server.setSnapshot("a", snapshot({ cluster: "a=1 b=1" }));
    const proxy = sotw(server);
    proxy.ask(cluster, { versionInfo: one });
    expect(await proxy.quiet()).toEqual([]);
    expect(await server.waitForAcks("a", 1000)).toEqual({ kind: "acked" });
    server.setSnapshot("a", snapshot({ cluster: "a=1 b=2" }));
    const changed = await proxy.next(cluster);
    expect(said(changed)).toBe("a=1 b=2");
    expect(changed.versionInfo).not.toBe(one);
  });
});

describe("the incremental form", () => {
  test("P11: naming nothing first is all, also with names later, until `*` is let go", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ cluster: "a=1 b=1" }));
    const proxy = delta(server);
    proxy.ask(cluster);
    proxy.ack(await proxy.next(cluster));
    proxy.ask(cluster, { resourceNamesSubscribe: ["a"] });
    proxy.ack(await proxy.next(cluster));
    server.setSnapshot("a", snapshot({ cluster: "a=1 b=2" }));
    const wild = await proxy.next(cluster);
    expect(said(wild)).toBe("b=2");
    proxy.ack(wild);
    proxy.ask(cluster, { resourceNamesUnsubscribe: ["*"] });
    await proxy.quiet();
    server.setSnapshot("a", snapshot({ cluster: "a=2 b=3" }));
    expect(said(await proxy.next(cluster))).toBe("a=2");
  });

  test("P11: who lets `*` go has no more than it has named, and all of it again when it asks for `*` again", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ cluster: "a=1 b=1" }));
    const proxy = delta(server);
    proxy.ask(cluster, { resourceNamesSubscribe: ["*", "a"] });
    proxy.ack(await proxy.next(cluster));
    proxy.ask(cluster, { resourceNamesUnsubscribe: ["*"] });
    await proxy.quiet();
    expect([...(server.status()[0]?.types.get(cluster)?.keys() ?? [])]).toEqual(["a"]);
    proxy.ask(cluster, { resourceNamesSubscribe: ["*"] });
    expect(said(await proxy.next(cluster))).toBe("b=1");
  });

  test("P11: what was on its way when `*` was let go, and is gone when it is asked for again, is said to be gone", async () => {
    const server = await start();
    for (const names of [["*"], ["eu/*"]]) {
      server.setSnapshot("a", snapshot({ listener: "eu/a=1" }));
      const proxy = delta(server);
      proxy.ask(listener, { resourceNamesSubscribe: names });
      const late = await proxy.next(listener);
      expect(said(late)).toBe("eu/a=1");
      proxy.ask(listener, { resourceNamesUnsubscribe: names });
      await proxy.quiet();
      server.setSnapshot("a", snapshot({}));
      proxy.ask(listener, { resourceNamesSubscribe: names });
      await proxy.quiet();
      proxy.ack(late);
      expect(said(await proxy.next(listener))).toBe("-eu/a");
      proxy.close();
    }
  });

  test("P12: a wildcard is answered, also by nothing", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({}));
    for (const type of [cluster, listener, scopedRoutes]) {
      const proxy = delta(server);
      proxy.ask(type);
      expect(said(await proxy.next(type))).toBe("");
      const starred = delta(server);
      starred.ask(type, { resourceNamesSubscribe: ["*"] });
      expect(said(await starred.next(type))).toBe("");
    }
  });

  test("P13: of what a client brings along only differences are sent, and what is gone", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ cluster: "a=1 b=2" }));
    const proxy = delta(server);
    proxy.ask(cluster, { initialResourceVersions: { a: "1", b: "1", c: "1" } });
    const changed = await proxy.next(cluster);
    expect(said(changed)).toBe("b=2");
    proxy.ack(changed);
    // What is gone goes when the client has said what else it holds, for a listener may lead there.
    expect(await proxy.quiet()).toEqual([]);
    proxy.ask(listener, { initialResourceVersions: { in: "1" } });
    const listeners = await proxy.next(listener);
    expect(said(listeners)).toBe("-in");
    proxy.ack(listeners);
    expect(said(await proxy.next(cluster))).toBe("-c");
    // Only the first request counts.
    proxy.ask(cluster, { initialResourceVersions: { b: "0" } });
    expect(await proxy.quiet()).toEqual([]);
  });

  test("P14: names that a reconnecting client has are passed over, but for children of what was sent again", async () => {
    const server = await start();
    const held = { resourceNamesSubscribe: ["a", "b"], initialResourceVersions: { a: "1", b: "1" } };
    server.setSnapshot(
      "a",
      snapshot({ cluster: "a=1 b=2", endpoints: "a=1 b=1", listener: "in=2", route: "in=1" }),
    );
    const proxy = delta(server);
    proxy.ask(cluster, { initialResourceVersions: { a: "1", b: "1" } });
    const clusters = await proxy.next(cluster);
    expect(said(clusters)).toBe("b=2");
    proxy.ask(endpoints, held);
    const warming = await proxy.next(endpoints);
    expect(said(warming)).toBe("b=1");
    proxy.ack(warming);
    proxy.ack(clusters);
    proxy.ask(listener, { initialResourceVersions: { in: "1" } });
    proxy.ack(await proxy.next(listener));
    proxy.ask(route, { resourceNamesSubscribe: ["in"], initialResourceVersions: { in: "1" } });
    expect(said(await proxy.next(route))).toBe("in=1");
    // A name asked for later is answered, whatever was sent.
    proxy.ask(endpoints, { resourceNamesSubscribe: ["a"] });
    expect(said(await proxy.next(endpoints))).toBe("a=1");
  });

  test("P15: a name that is not there is said to be missing once, and is sent when it is", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({}));
    const incremental = delta(server);
    incremental.ask(endpoints, { resourceNamesSubscribe: ["x"] });
    incremental.ack(await incremental.next(endpoints));
    const states = sotw(server);
    states.ask(endpoints, { resourceNames: ["x"] });
    const missing = await states.next(endpoints);
    expect(missing.resourceErrors).toMatchObject([{ resourceName: { name: "x" }, errorDetail: { code: 5 } }]);
    states.ack(missing);
    expect(await states.quiet()).toEqual([]);
    server.setSnapshot("a", snapshot({ endpoints: "x=1" }));
    expect(said(await incremental.next(endpoints))).toBe("x=1");
    expect(said(await states.next(endpoints))).toBe("x=1");
  });

  test("P15: what was said to be missing is sent when it is there again as it was", async () => {
    const server = await start();
    const there = snapshot({ secret: "s=1" });
    server.setSnapshot("a", there);
    const proxy = sotw(server, { path: "/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets" });
    proxy.ask(secret, { resourceNames: ["s"] });
    proxy.ack(await proxy.next(secret));
    for (const [next, text] of [
      [snapshot({}), "!s"],
      [there, "s=1"],
    ] as const) {
      server.setSnapshot("a", next);
      const response = await proxy.next(secret);
      expect(said(response)).toBe(text);
      proxy.ack(response);
      expect(await server.waitForAcks("a", 1000)).toEqual({ kind: "acked" });
    }
  });

  test("P15: what is to go is not said to be missing before the client is to let go of it", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ listener: "in=1 out=1" }));
    const proxy = sotw(server);
    proxy.ask(listener, { resourceNames: ["in", "out", "*"] });
    proxy.ack(await proxy.next(listener));
    expect(await server.waitForAcks("a", 1000)).toEqual({ kind: "acked" });
    // It may be about to ask for clusters.
    server.setSnapshot("a", snapshot({ cluster: "a=1" }));
    expect(await proxy.quiet()).toEqual([]);
    proxy.ask(cluster);
    proxy.ack(await proxy.next(cluster));
    const gone = await proxy.next(listener);
    expect(said(gone)).toBe("!in !out");
    proxy.ack(gone);
    expect(await server.waitForAcks("a", 1000)).toEqual({ kind: "acked" });
    expect(await proxy.quiet()).toEqual([]);
  });

  test("P16: letting a name go is answered where all are wanted, and else by nothing", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ cluster: "a=1", endpoints: "a=1" }));
    const proxy = delta(server);
    proxy.ask(cluster, { resourceNamesSubscribe: ["*", "a", "x"] });
    expect(said(await proxy.next(cluster))).toBe("a=1");
    expect(said(await proxy.next(cluster))).toBe("-x");
    proxy.ask(cluster, { resourceNamesUnsubscribe: ["a", "x", "phantom"] });
    expect([said(await proxy.next(cluster)), said(await proxy.next(cluster))].sort()).toEqual(["-x", "a=1"]);
    proxy.ask(endpoints, { resourceNamesSubscribe: ["a"] });
    await proxy.next(endpoints);
    proxy.ask(endpoints, { resourceNamesUnsubscribe: ["a", "phantom"] });
    expect(await proxy.quiet()).toEqual([]);
  });

  test("P16: a name that is let go of with `*`, or before it, is not answered", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ cluster: "b=1" }));
    const proxy = delta(server);
    proxy.ask(cluster, { resourceNamesSubscribe: ["*", "a"] });
    expect([said(await proxy.next(cluster)), said(await proxy.next(cluster))]).toEqual(["b=1", "-a"]);
    proxy.ask(cluster, { resourceNamesUnsubscribe: ["a", "*"] });
    expect(await proxy.quiet()).toEqual([]);
    server.setSnapshot("a", snapshot({ cluster: "a=1" }));
    expect(await proxy.quiet()).toEqual([]);
  });

  test("P16: a name that is let go of and wanted still, as one of a collection, is told of when it goes", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ cluster: "c=1", listener: "eu/a=1" }));
    const proxy = delta(server);
    proxy.ask(cluster);
    proxy.ack(await proxy.next(cluster));
    proxy.ask(listener, { resourceNamesSubscribe: ["eu/*", "eu/a"] });
    proxy.ack(await proxy.next(listener));
    server.setSnapshot("a", snapshot({ cluster: "c=2", listener: "eu/a=1" }));
    // Without its acknowledgement listeners have to wait.
    await proxy.next(cluster);
    proxy.ask(listener, { resourceNamesUnsubscribe: ["eu/a"] });
    expect(await proxy.quiet()).toEqual([]);
    server.setSnapshot("a", snapshot({ cluster: "c=2" }));
    expect(said(await proxy.next(listener))).toBe("-eu/a");
  });

  test("P17: what is gone is said of roots alone, and of a filter never", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot(whole));
    const proxy = delta(server);
    proxy.ask(cluster);
    const first = await proxy.next(cluster);
    proxy.ask(endpoints, { resourceNamesSubscribe: ["a"] });
    proxy.ack(await proxy.next(endpoints));
    proxy.ack(first);
    proxy.ask(listener);
    const second = await proxy.next(listener);
    proxy.ask(extension, { resourceNamesSubscribe: ["f", "unknown"] });
    proxy.ask(route, { resourceNamesSubscribe: ["in"] });
    proxy.ack(second);
    proxy.ack(await proxy.next(extension));
    proxy.ack(await proxy.next(route));
    server.setSnapshot("a", snapshot({}));
    const gone: string[] = [];
    for (const type of [listener, cluster]) {
      const response = await proxy.next(type);
      gone.push(said(response));
      proxy.ack(response);
    }
    expect(gone).toEqual(["-in", "-a"]);
    expect(await proxy.quiet()).toEqual([]);
  });

  test("P18: after a refusal nothing is taken for known: what comes next is sent even if it was acknowledged before", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ cluster: "a=1 b=1" }));
    const proxy = delta(server);
    proxy.ask(cluster);
    proxy.ack(await proxy.next(cluster));
    expect(await server.waitForAcks("a", 1000)).toEqual({ kind: "acked" });
    server.setSnapshot("a", snapshot({ cluster: "a=2 b=2" }));
    proxy.nack(await proxy.next(cluster), "a: no");
    const rest = await proxy.next(cluster);
    expect(said(rest)).toBe("a=1 b=2");
    proxy.ack(rest);
    const alone = await proxy.next(cluster);
    expect(said(alone)).toBe("a=2");
    proxy.nack(alone, "a: no");
    expect(said(await proxy.next(cluster))).toBe("a=1");
    expect(server.status()[0]?.types.get(cluster)?.get("a")).toEqual({
      sent: "1",
      acked: "1",
      nacked: "2",
    });
  });

  test("P19: an alias that is nobody's is answered by name alone; one that is, by its virtual host", async () => {
    const server = await start();
    const [shop] = resources(virtualHost, "r/shop=1");
    server.setSnapshot(
      "a",
      snapshot({ virtualHost: shop ? [{ ...shop, aliases: ["r/shop.example"] }] : [] }),
    );
    const proxy = delta(server, {
      path: "/envoy.service.route.v3.VirtualHostDiscoveryService/DeltaVirtualHosts",
    });
    proxy.ask(virtualHost, { resourceNamesSubscribe: ["r/shop.example", "r/other.example"] });
    const found = await proxy.next(virtualHost);
    expect(said(found)).toBe("r/shop=1");
    expect(found.resources[0]?.aliases).toEqual(["r/shop.example"]);
    const unresolved = await proxy.next(virtualHost);
    expect(said(unresolved)).toBe("r/other.example?");
    expect(unresolved.resources[0]?.aliases).toEqual(["r/other.example"]);
    for (const response of [found, unresolved]) proxy.ack(response);
    expect(await proxy.quiet()).toEqual([]);
  });

  test("P19: naming no virtual host at first is all of them, and one that goes is told of before its cluster", async () => {
    const server = await start();
    const given = (clusters: string, virtualHost: string) =>
      snapshot({ cluster: clusters, listener: "in=1", route: "in=1", virtualHost });
    server.setSnapshot("a", given("a=1 b=1", "in/x=1 in/y=1"));
    const proxy = delta(server);
    for (const type of [cluster, listener]) {
      proxy.ask(type);
      proxy.ack(await proxy.next(type));
    }
    proxy.ask(route, { resourceNamesSubscribe: ["in"] });
    const routes = await proxy.next(route);
    proxy.ask(virtualHost);
    proxy.ack(routes);
    const all = await proxy.next(virtualHost);
    expect(said(all)).toBe("in/x=1 in/y=1");
    expect(server.status()).toMatchObject([{ settled: false }]);
    proxy.ack(all);
    // What a request makes it ask for is answered, known or not.
    proxy.ask(virtualHost, { resourceNamesSubscribe: ["in/z"] });
    const unknown = await proxy.next(virtualHost);
    expect(said(unknown)).toBe("in/z?");
    proxy.ack(unknown);
    expect(await server.waitForAcks("a", 1_000)).toEqual({ kind: "acked" });
    server.setSnapshot("a", given("a=1", "in/x=1"));
    const gone = await proxy.next(virtualHost);
    expect(said(gone)).toBe("-in/y");
    expect(await proxy.quiet()).toEqual([]);
    proxy.ack(gone);
    const last = await proxy.next(cluster);
    expect(said(last)).toBe("-b");
    proxy.ack(last);
    expect(await server.waitForAcks("a", 1_000)).toEqual({ kind: "acked" });
    expect(await proxy.quiet()).toEqual([]);
  });

  test("P20: a collection is all names below it", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ endpoints: "eu/a=1 eu/b=1 eu/b/c=1 us/a=1" }));
    const proxy = delta(server);
    proxy.ask(endpoints, { resourceNamesSubscribe: ["eu/*"] });
    expect(said(await proxy.next(endpoints))).toBe("eu/a=1 eu/b=1");
    server.setSnapshot("a", snapshot({ endpoints: "eu/a=1 eu/b=2 eu/d=1" }));
    expect(said(await proxy.next(endpoints))).toBe("eu/b=2 eu/d=1");
    proxy.ask(endpoints, { resourceNamesUnsubscribe: ["eu/*"] });
    proxy.ask(endpoints, { resourceNamesSubscribe: ["eu/*"] });
    const again = await proxy.next(endpoints);
    expect(said(again)).toBe("eu/a=1 eu/b=2 eu/d=1");
    proxy.ack(again);
    expect(await proxy.quiet()).toEqual([]);
  });
});

describe("order and warming", () => {
  test("P21: on streams of single types, too, routes wait for clusters", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ cluster: "a=1", route: "r=1" }));
    const clusters = delta(server, {
      path: "/envoy.service.cluster.v3.ClusterDiscoveryService/DeltaClusters",
    });
    const routes = delta(server, { path: "/envoy.service.route.v3.RouteDiscoveryService/DeltaRoutes" });
    clusters.ask(cluster);
    const first = await clusters.next(cluster);
    routes.ask(route, { resourceNamesSubscribe: ["r"] });
    expect(await routes.quiet()).toEqual([]);
    clusters.ack(first);
    expect(said(await routes.next(route))).toBe("r=1");
  });

  test("P21: and for the endpoints of clusters that are acknowledged before they are ready, as on a stream of their own", async () => {
    const server = await start();
    const single = (service: string, methods: string) =>
      delta(server, { path: `/envoy.service.${service}DiscoveryService/Delta${methods}` });
    server.setSnapshot("a", snapshot({ cluster: "a=1", endpoints: "a=1", route: "r=1" }));
    const clusters = single("cluster.v3.Cluster", "Clusters");
    const before = single("endpoint.v3.Endpoint", "Endpoints");
    const routes = single("route.v3.Route", "Routes");
    clusters.ask(cluster);
    clusters.ack(await clusters.next(cluster));
    before.ask(endpoints, { resourceNamesSubscribe: ["a"] });
    before.ack(await before.next(endpoints));
    routes.ask(route, { resourceNamesSubscribe: ["r"] });
    routes.ack(await routes.next(route));
    server.setSnapshot("a", snapshot({ cluster: "a=1 b=1", endpoints: "a=1 b=1", route: "r=2" }));
    clusters.ack(await clusters.next(cluster));
    expect(await routes.quiet()).toEqual([]);
    // An Envoy opens one more stream for them.
    const more = single("endpoint.v3.Endpoint", "Endpoints");
    more.ask(endpoints, { resourceNamesSubscribe: ["b"] });
    const response = await more.next(endpoints);
    expect(await routes.quiet()).toEqual([]);
    more.ack(response);
    expect(said(await routes.next(route))).toBe("r=2");
  });

  test("P21: a client without a proxy goes from listeners down, by name, and is not kept waiting", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ ...whole, cluster: "a=1 b=1", endpoints: "a=1 b=1" }));
    const client = sotw(server);
    client.ask(listener, { resourceNames: ["in"] });
    client.ack(await client.next(listener));
    client.ask(route, { resourceNames: ["in"] });
    client.ack(await client.next(route));
    client.ask(cluster, { resourceNames: ["a"] });
    const clusters = await client.next(cluster);
    expect(said(clusters)).toBe("a=1");
    client.ack(clusters);
    client.ask(endpoints, { resourceNames: ["a"] });
    client.ack(await client.next(endpoints));
    expect(await server.waitForAcks("a", 1000)).toEqual({ kind: "acked" });
  });

  test("P21: one that takes all listeners after some by name has not acknowledged what these lead to", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ cluster: "a=1", extension: "f=1" }));
    const client = delta(server);
    client.ask(cluster);
    client.ack(await client.next(cluster));
    client.ask(listener, { resourceNamesSubscribe: ["in"] });
    client.ack(await client.next(listener));
    client.ask(extension);
    expect(await server.waitForAcks("a", 1000)).toEqual({ kind: "acked" });
    client.ask(listener, { resourceNamesSubscribe: ["*"] });
    client.ack(await client.next(listener));
    expect(await server.waitForAcks("a", 100)).toEqual({ kind: "timeout" });
    client.ask(extension, { resourceNamesSubscribe: ["f"] });
    client.ack(await client.next(extension));
    expect(await server.waitForAcks("a", 1000)).toEqual({ kind: "acked" });
  });

  test("P22: a changed cluster gets its endpoints again, in both forms", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ cluster: "a=1", endpoints: "a=1" }));
    const incremental = delta(server);
    const states = sotw(server, { node: "b" });
    server.setSnapshot("b", snapshot({ cluster: "a=1", endpoints: "a=1" }));
    incremental.ask(cluster);
    const first = await incremental.next(cluster);
    incremental.ask(endpoints, { resourceNamesSubscribe: ["a"] });
    incremental.ack(await incremental.next(endpoints));
    incremental.ack(first);
    states.ask(cluster);
    const second = await states.next(cluster);
    states.ask(endpoints, { resourceNames: ["a"] });
    states.ack(await states.next(endpoints));
    states.ack(second);
    for (const node of ["a", "b"]) server.setSnapshot(node, snapshot({ cluster: "a=2", endpoints: "a=1" }));
    for (const proxy of [incremental, states]) {
      expect(said(await proxy.next(cluster))).toBe("a=2");
      expect(said(await proxy.next(endpoints))).toBe("a=1");
    }
  });

  test("P23: a filter is there as soon as its listener asks", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ listener: "in=1", extension: "f=1", route: "in=1" }));
    const proxy = delta(server);
    proxy.ask(cluster);
    proxy.ack(await proxy.next(cluster));
    proxy.ask(listener);
    // Without waiting for the listener, which waits for the filter.
    await proxy.next(listener);
    proxy.ask(extension, { resourceNamesSubscribe: ["f"] });
    expect(said(await proxy.next(extension))).toBe("f=1");
  });

  test("P24: a cluster for which nobody gave endpoints has none, and is told so", async () => {
    const server = await start();
    server.setSnapshot("a", snapshot({ cluster: "a=1" }));
    const incremental = delta(server);
    incremental.ask(cluster);
    await incremental.next(cluster);
    incremental.ask(endpoints, { resourceNamesSubscribe: ["a"] });
    const [resource] = (await incremental.next(endpoints)).resources;
    const states = sotw(server);
    states.ask(cluster);
    await states.next(cluster);
    states.ask(endpoints, { resourceNames: ["a"] });
    const [any] = (await states.next(endpoints)).resources;
    for (const bytes of [resource?.resource?.value, any?.value])
      expect(fromBinary(ClusterLoadAssignmentSchema, bytes ?? new Uint8Array())).toMatchObject({
        clusterName: "a",
        endpoints: [],
      });
  });

  test("P24: and is told so once, and once more when it warms again", async () => {
    const server = await start();
    for (const node of ["a", "b"]) server.setSnapshot(node, snapshot({ cluster: "a=1" }));
    const [incremental, states] = [delta(server), sotw(server, { node: "b" })];
    incremental.ask(cluster);
    states.ask(cluster);
    const [one, other] = [await incremental.next(cluster), await states.next(cluster)];
    incremental.ask(endpoints, { resourceNamesSubscribe: ["a"] });
    states.ask(endpoints, { resourceNames: ["a"] });
    incremental.ack(await incremental.next(endpoints));
    states.ack(await states.next(endpoints));
    incremental.ack(one);
    states.ack(other);
    expect([await incremental.quiet(), await states.quiet()]).toEqual([[], []]);
    for (const node of ["a", "b"]) server.setSnapshot(node, snapshot({ cluster: "a=2" }));
    for (const proxy of [incremental, states]) {
      expect(said(await proxy.next(cluster))).toBe("a=2");
      await proxy.next(endpoints);
    }
  });
});

describe("P25: what does not keep for good", () => {
  const ttl = "xds.config.supports-resource-ttl";
  const limited = (ttlMs?: number): Snapshot =>
    snapshot({
      endpoints: resources(endpoints, "a=1").map((each) => (ttlMs === undefined ? each : { ...each, ttlMs })),
    });

  test("is heard of again in a third of its time, and of nothing else", async () => {
    const server = await start();
    server.setSnapshot("a", limited(300));
    const proxy = delta(server, { features: [ttl] });
    proxy.ask(endpoints, { resourceNamesSubscribe: ["a"] });
    const first = await proxy.next(endpoints);
    expect(first.resources[0]?.ttl).toMatchObject({ seconds: 0n, nanos: 300_000_000 });
    proxy.ack(first);
    const beat = await proxy.next(endpoints);
    expect(beat.resources).toMatchObject([{ name: "a", version: "1", ttl: { nanos: 300_000_000 } }]);
    expect(beat.resources[0]?.resource).toBeUndefined();
    proxy.ack(beat);
    expect(await server.waitForAcks("a", 1000)).toEqual({ kind: "acked" });
    server.setSnapshot("a", limited());
    // A heartbeat may be on its way.
    let last = await proxy.next(endpoints);
    while (last.resources[0]?.resource === undefined) last = await proxy.next(endpoints);
    expect(last.resources[0]?.ttl).toBeUndefined();
  });

  test("comes in a wrapper in the state of the world, where the client can take one", async () => {
    const server = await start();
    server.setSnapshot("a", limited(300));
    const proxy = sotw(server, { features: [ttl, "xds.config.supports-resource-in-sotw"] });
    proxy.ask(endpoints, { resourceNames: ["a"] });
    const first = await proxy.next(endpoints);
    const wrapper = fromBinary(ResourceSchema, first.resources[0]?.value ?? new Uint8Array());
    expect(wrapper).toMatchObject({ name: "a", version: "1", ttl: { nanos: 300_000_000 } });
    expect(new TextDecoder().decode(wrapper.resource?.value)).toBe("a=1");
    proxy.ack(first);
    // Envoy ends where one comes without its content and its time is over all the same.
    const again = await proxy.next(endpoints);
    expect(again.resources).toEqual(first.resources);
    proxy.ack(again);
    expect(await server.waitForAcks("a", 1000)).toEqual({ kind: "acked" });
  });

  test("is said with all of the others in the state of the world, of types of which what is not said is gone", async () => {
    const server = await start();
    const [a, b] = resources(cluster, "a=1 b=1");
    if (a === undefined || b === undefined) throw new Error("there are two");
    server.setSnapshot("a", snapshot({ cluster: [{ ...a, ttlMs: 300 }, b] }));
    const proxy = sotw(server, { features: [ttl, "xds.config.supports-resource-in-sotw"] });
    proxy.ask(cluster);
    for (let turn = 0; turn < 3; turn++) {
      const response = await proxy.next(cluster);
      const [limited, lasting] = response.resources;
      const wrapper = fromBinary(ResourceSchema, limited?.value ?? new Uint8Array());
      expect(wrapper).toMatchObject({ name: "a", ttl: { nanos: 300_000_000 } });
      expect(new TextDecoder().decode(wrapper.resource?.value)).toBe("a=1");
      expect(new TextDecoder().decode(lasting?.value)).toBe("b=1");
      proxy.ack(response);
    }
    expect(await server.waitForAcks("a", 1000)).toEqual({ kind: "acked" });
  });

  describe("is heard of as it was while a change of it waits for its turn", () => {
    const features = [ttl, "xds.config.supports-resource-in-sotw"];
    const keeping = (type: TypeUrl, text: string): readonly Resource[] =>
      resources(type, text).map((each) => ({ ...each, ttlMs: 300 }));
    const of = (version: number): Snapshot =>
      snapshot({ cluster: `a=${version}`, listener: keeping(listener, `in=${version}`) });

    test("incrementally", async () => {
      const server = await start();
      server.setSnapshot("a", of(1));
      const proxy = delta(server, { features });
      proxy.ask(cluster);
      proxy.ack(await proxy.next(cluster));
      proxy.ask(listener);
      proxy.ack(await proxy.next(listener));
      server.setSnapshot("a", of(2));
      const change = await proxy.next(cluster);
      const beat = await proxy.next(listener);
      expect(beat.resources).toMatchObject([{ name: "in", version: "1", ttl: { nanos: 300_000_000 } }]);
      expect(beat.resources[0]?.resource).toBeUndefined();
      proxy.ack(change);
      proxy.ack(beat);
      expect(said(await proxy.next(listener))).toBe("in=2");
    });

    test("in the state of the world", async () => {
      const server = await start();
      server.setSnapshot("a", of(1));
      const proxy = sotw(server, { features });
      const next = async () => {
        const response = await proxy.next(listener);
        const wrapper = fromBinary(ResourceSchema, response.resources[0]?.value ?? new Uint8Array());
        return { response, text: new TextDecoder().decode(wrapper.resource?.value) };
      };
      proxy.ask(cluster);
      proxy.ack(await proxy.next(cluster));
      proxy.ask(listener);
      proxy.ack((await next()).response);
      server.setSnapshot("a", of(2));
      const change = await proxy.next(cluster);
      const beat = await next();
      expect(beat.text).toBe("in=1");
      proxy.ack(change);
      proxy.ack(beat.response);
      expect((await next()).text).toBe("in=2");
    });

    test("in the state of the world alone, of types of which not all has to be said", async () => {
      const server = await start();
      const lasting = keeping(route, "r=1");
      const both = (version: number): Snapshot =>
        snapshot({ cluster: `a=${version}`, route: [...lasting, ...resources(route, `q=${version}`)] });
      server.setSnapshot("a", both(1));
      const proxy = sotw(server, { features });
      proxy.ask(cluster);
      proxy.ack(await proxy.next(cluster));
      proxy.ask(route, { resourceNames: ["q", "r"] });
      proxy.ack(await proxy.next(route));
      server.setSnapshot("a", both(2));
      const change = await proxy.next(cluster);
      const beat = await proxy.next(route);
      const wrapper = fromBinary(ResourceSchema, beat.resources[0]?.value ?? new Uint8Array());
      expect(wrapper.name).toBe("r");
      expect(beat.resources).toHaveLength(1);
      proxy.ack(beat);
      proxy.ack(change);
      let last = await proxy.next(route);
      while (!said(last).includes("q=")) last = await proxy.next(route);
      expect(said(last)).toBe("q=2");
    });
  });

  test("is sent as it is to a client that knows nothing of times, and not heard of again", async () => {
    const server = await start();
    server.setSnapshot("a", limited(60));
    const [incremental, states] = [delta(server), sotw(server, { features: [ttl] })];
    incremental.ask(endpoints, { resourceNamesSubscribe: ["a"] });
    expect((await incremental.next(endpoints)).resources[0]?.ttl).toBeUndefined();
    states.ask(endpoints, { resourceNames: ["a"] });
    expect(said(await states.next(endpoints))).toBe("a=1");
    expect([await incremental.quiet(), await states.quiet()]).toEqual([[], []]);
  });
});

describe.each([
  ["Node's HTTP/2", startHttp2Transport],
  ["grpc-js", startGrpcJsTransport],
] as const)("limits and transport: %s", (_, transport) => {
  test("P26: a reconnecting client may name more than 4 MiB", async () => {
    const server = await start({ transport });
    server.setSnapshot("a", snapshot({ cluster: "a=1" }));
    const proxy = delta(server);
    const held = Object.fromEntries(Array.from({ length: 60_000 }, (_, n) => [`${"x".repeat(90)}${n}`, "1"]));
    proxy.ask(cluster, { initialResourceVersions: held });
    const first = await proxy.next(cluster);
    expect(said(first)).toBe("a=1");
    proxy.ack(first);
    proxy.ask(listener);
    proxy.ack(await proxy.next(listener));
    let gone = 0;
    while (gone < 60_000) gone += (await proxy.next(cluster)).removedResources.length;
    expect(gone).toBe(60_000);
  });

  test("P26: and not more than the limit", async () => {
    const server = await start({ transport, limits: { messageBytesMax: 1_000 } });
    const proxy = delta(server);
    proxy.ask(cluster, { initialResourceVersions: { ["x".repeat(2_000)]: "1" } });
    expect(await proxy.ended).toMatchObject({ code: 8 });
  });

  test("P27: what is large comes in parts of a MiB", async () => {
    const server = await start({ transport });
    const large = Array.from({ length: 12 }, (_, n) => ({
      ...{ name: `c${n}`, typeUrl: cluster, version: "1", bytes: new Uint8Array(300_000) },
    }));
    server.setSnapshot("a", snapshot({ cluster: large }));
    const proxy = delta(server);
    proxy.ask(cluster);
    const names: string[] = [];
    for (let part = 0; part < 4; part++) {
      const response = await proxy.next(cluster);
      names.push(...response.resources.map(({ name }) => name));
    }
    expect(names.length).toBe(12);
  });

  test("P28: one resource may be larger than any window", async () => {
    const server = await start({ transport });
    const bytes = new Uint8Array(3 << 20);
    server.setSnapshot("a", snapshot({ secret: [{ name: "s", typeUrl: secret, version: "1", bytes }] }));
    const proxy = delta(server);
    proxy.ask(secret, { resourceNamesSubscribe: ["s"] });
    expect((await proxy.next(secret)).resources[0]?.resource?.value.length).toBe(bytes.length);
  });

  test("P28: what a client does not read keeps nobody else of its connection waiting, however much it is", async () => {
    const server = await start({ transport });
    const bytes = new Uint8Array(24 << 20);
    const large = [{ name: "s", typeUrl: secret, version: "1", bytes }];
    server.setSnapshot("a", snapshot({ cluster: "a=1", secret: large }));
    const slow = delta(server);
    slow.pause();
    slow.ask(secret, { resourceNamesSubscribe: ["s"] });
    await expect.poll(() => server.counts().types.get(secret)?.responses).toBe(1);
    for (let stream = 0; stream < 3; stream++) {
      const other = delta(server);
      other.ask(cluster);
      expect(said(await other.next(cluster))).toBe("a=1");
    }
  });

  test("P29: what is too much is refused early, as a code that clients back off from", async () => {
    const server = await start({ transport, limits: { streamsMax: 1 } });
    server.setSnapshot("a", snapshot({ cluster: "a=1" }));
    const first = delta(server);
    first.ask(cluster);
    await first.next(cluster);
    const second = delta(server);
    second.ask(cluster);
    expect(await second.ended).toMatchObject({
      code: 8,
      details: expect.stringContaining("streams already"),
    });
  });

  test("P29: a client that reads and does not answer is sent no more of a type, and the latest once it does", async () => {
    const server = await start({ transport, limits: { unansweredMax: 2 } });
    server.setSnapshot("a", snapshot({ cluster: "a=1", secret: "s=1" }));
    const proxy = delta(server);
    proxy.ask(cluster);
    await proxy.next(cluster);
    server.setSnapshot("a", snapshot({ cluster: "a=2", secret: "s=1" }));
    const second = await proxy.next(cluster);
    for (let version = 3; version <= 5; version++) {
      server.setSnapshot("a", snapshot({ cluster: `a=${version}`, secret: "s=1" }));
      expect(await proxy.quiet()).toEqual([]);
    }
    // Another type has its own.
    proxy.ask(secret, { resourceNamesSubscribe: ["s"] });
    expect(said(await proxy.next(secret))).toBe("s=1");
    proxy.ack(second);
    expect(said(await proxy.next(cluster))).toBe("a=5");
  });

  test("P29: one that never answers is ended when there is more for it", async () => {
    const server = await start({ transport, limits: { unansweredMax: 1, answerMsMax: 40 } });
    server.setSnapshot("a", snapshot({ cluster: "a=1" }));
    const proxy = delta(server);
    proxy.ask(cluster);
    await proxy.next(cluster);
    expect(await proxy.quiet()).toEqual([]);
    server.setSnapshot("a", snapshot({ cluster: "a=2" }));
    expect(await proxy.ended).toEqual({ code: 8, details: "no answer within 0.04 s to 1 responses" });
  });

  test("P29: a stream that asks for too many names is ended", async () => {
    const server = await start({ transport, limits: { namesMax: 2 } });
    server.setSnapshot("a", snapshot({ endpoints: "x=1 y=1" }));
    const proxy = delta(server);
    proxy.ask(endpoints, { resourceNamesSubscribe: ["x", "y"] });
    await proxy.next(endpoints);
    proxy.ask(endpoints, { resourceNamesSubscribe: ["z"] });
    expect(await proxy.ended).toEqual({ code: 8, details: "more than 2 names" });
  });

  test("P30: nothing is served before there is a snapshot, and a server that goes away says so", async () => {
    const server = await start({ transport });
    const proxy = delta(server);
    proxy.ask(cluster);
    expect(await proxy.quiet()).toEqual([]);
    server.setSnapshot("a", snapshot({ cluster: "a=1" }));
    expect(said(await proxy.next(cluster))).toBe("a=1");
    // Its one stream is ended at once; the rest is for the word to arrive before the connection goes.
    const drained = server.drain(1_000);
    expect(await proxy.ended).toMatchObject({ code: 14 });
    await drained;
  });

  test("P30: a connection is told that the server goes away, and takes its new streams elsewhere", async () => {
    const server = await start({ transport });
    const { session, open, close } = rawConnection(server.port);
    onTestFinished(close);
    const { stream } = open();
    await once(stream, "response");
    const told = once(session, "goaway");
    const drained = server.drain(300);
    expect((await told)[0]).toBe(0);
    // Those that are there go on for a while.
    expect(stream.closed).toBe(false);
    await drained;
  });

  test("P30: a stream ends when it is old", async () => {
    const server = await start({ transport, limits: { streamAgeMsMax: 100 } });
    server.setSnapshot("a", snapshot({ cluster: "a=1" }));
    const proxy = delta(server);
    proxy.ask(cluster);
    await proxy.next(cluster);
    expect(await proxy.ended).toMatchObject({ code: 0 });
  });

  test("bytes that are no request end their stream, and no other", async () => {
    const server = await start({ transport });
    server.setSnapshot("a", snapshot({ cluster: "a=1" }));
    const good = delta(server);
    good.ask(cluster);
    good.ack(await good.next(cluster));
    const bad = delta(server);
    bad.sendBytes(Uint8Array.of(255, 255, 255));
    expect(await bad.ended).toEqual({ code: 3, details: "not a discovery request" });
    server.setSnapshot("a", snapshot({ cluster: "a=2" }));
    expect(said(await good.next(cluster))).toBe("a=2");
  });

  test("a client that does not read gets the latest when it does, and keeps nobody waiting", async () => {
    const server = await start({ transport });
    const [slow, good] = [delta(server, { node: "slow" }), delta(server, { node: "good" })];
    const large = (version: string): Snapshot =>
      snapshot({ secret: [{ name: "s", typeUrl: secret, version, bytes: new Uint8Array(1 << 20) }] });
    for (const node of ["slow", "good"]) server.setSnapshot(node, large("0"));
    for (const proxy of [slow, good]) {
      proxy.ask(secret, { resourceNamesSubscribe: ["s"] });
      proxy.ack(await proxy.next(secret));
    }
    slow.pause();
    for (let version = 1; version <= 40; version++) {
      for (const node of ["slow", "good"]) server.setSnapshot(node, large(`${version}`));
      const response = await good.next(secret);
      expect(said(response)).toBe(`s=${version}`);
      good.ack(response);
    }
    slow.resume();
    const versions: string[] = [];
    while (versions.at(-1) !== "s=40") {
      const response = await slow.next(secret);
      versions.push(said(response));
      slow.ack(response);
    }
    // What lay between when it did not read was never sent.
    expect(versions.length).toBeLessThan(40);
  });
});

describe("P30: a connection that gives no sign of life", () => {
  test("is ended, and with it what was its node's", async () => {
    const server = await start({ limits: { keepaliveMs: 50 } });
    const socket = connect(server.port, "127.0.0.1");
    onTestFinished(() => void socket.end());
    const closed = once(socket, "close");
    const settings = Buffer.from("000000040000000000", "hex");
    // It begins as a client should, and then answers nothing.
    socket.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), settings]));
    socket.resume();
    await closed;
  });

  test.each(["close", "drain"] as const)("does not keep the server from ending: %s", async (how) => {
    const server = await start();
    server.setSnapshot("a", snapshot({ cluster: "a=1" }));
    const network = await cuttable(server.port);
    const proxy = fakeProxy(network.port, "a");
    onTestFinished(proxy.close);
    proxy.ask(cluster);
    await proxy.next(cluster);
    network.cut();
    const ended = (how === "close" ? server.close() : server.drain(10)).then(() => "ended");
    expect(await Promise.race([ended, sleep(10_000, "is still there")])).toBe("ended");
  });

  test("is not one that answers and says nothing else", async () => {
    const server = await start({ limits: { keepaliveMs: 50 } });
    server.setSnapshot("a", snapshot({ cluster: "a=1" }));
    const proxy = delta(server);
    proxy.ask(cluster);
    proxy.ack(await proxy.next(cluster));
    await sleep(400);
    server.setSnapshot("a", snapshot({ cluster: "a=2" }));
    expect(said(await proxy.next(cluster))).toBe("a=2");
    expect(server.counts().streams).toBe(1);
  });
});

test("P31: a message whose map was filled in another order has the same bytes and so the same version", () => {
  const made = (names: readonly string[]): Resource =>
    resource(
      "a",
      cluster,
      ClusterSchema,
      create(ClusterSchema, {
        name: "a",
        typedExtensionProtocolOptions: mapOf(
          names.map((name) => [name, create(AnySchema, { typeUrl: name })] as const),
        ),
      }),
    );
  const [one, other] = [made(["b", "a", "c"]), made(["c", "b", "a"])];
  expect(other.bytes).toEqual(one.bytes);
  expect(other.version).toBe(one.version);
  expect(made(["a", "b"]).version).not.toBe(one.version);
});
