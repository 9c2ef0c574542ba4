import { describe, expect, onTestFinished, test } from "vitest";
import type {
  DeltaDiscoveryResponse,
  DiscoveryResponse,
} from "../xds/generated/envoy/service/discovery/v3/discovery_pb.ts";
import { byName } from "../xds/resource.ts";
import { typeUrl } from "../xds/type-url.ts";
import { type FakeProxy, type FakeSotwProxy, fakeProxy, fakeSotwProxy } from "./fake-proxy.test-helper.ts";
import type { Nack } from "./node.ts";
import { createQuarantine } from "./quarantine.ts";
import type { Snapshot } from "./snapshot.ts";
import { start } from "./start.test-helper.ts";
import type { XdsServer } from "./xds-server.ts";

// What one client refuses, and what others make of it. Several streams of a node are its replicas.

const { cluster, listener } = typeUrl;

function connect(server: XdsServer, node = "a"): FakeProxy {
  const proxy = fakeProxy(server.port, node);
  onTestFinished(proxy.close);
  proxy.ask(cluster);
  return proxy;
}

function clusters(text: string): Snapshot {
  const each = text.split(" ").map((pair) => {
    const [name = "", version = ""] = pair.split("=");
    return { name, typeUrl: cluster, version, bytes: new TextEncoder().encode(pair) };
  });
  return new Map([[cluster, byName(each)]]);
}

function said({ resources, removedResources }: DeltaDiscoveryResponse): string {
  return [
    ...resources.map(({ name, version }) => `${name}=${version}`),
    ...removedResources.map((name) => `-${name}`),
  ].join(" ");
}

/** The next response, which is taken. */
async function taken(proxy: FakeProxy): Promise<string> {
  const response = await proxy.next(cluster);
  proxy.ack(response);
  return said(response);
}

describe("two replicas", () => {
  test("one ends in the midst of a change: what the other has taken is all that is waited for", async () => {
    const server = await start();
    server.setSnapshot("a", clusters("a=1"));
    const [one, other] = [connect(server), connect(server)];
    for (const proxy of [one, other]) await taken(proxy);
    expect(await server.waitForAcks("a", 2_000)).toEqual({ kind: "acked" });
    server.setSnapshot("a", clusters("a=2"), { revision: "2" });
    const waiting = [server.waitForAcks("a", 20_000), server.waitForConvergence("2", 20_000)] as const;
    await taken(one);
    await other.next(cluster);
    expect(server.status()).toMatchObject([{ settled: false }]);
    other.close();
    expect(await waiting[0]).toEqual({ kind: "acked" });
    expect(await waiting[1]).toMatchObject({ kind: "converged" });
    expect(server.receipts()).toMatchObject([{ acknowledged: { revision: "2" } }]);
  });

  test("one ends before it has let go of what is to be removed: the other is told of the removal", async () => {
    const server = await start();
    server.setSnapshot("a", clusters("a=1 old=1"));
    const [one, other] = [connect(server), connect(server)];
    for (const proxy of [one, other]) {
      await taken(proxy);
      proxy.ask(listener);
      proxy.ack(await proxy.next(listener));
    }
    expect(await server.waitForAcks("a", 2_000)).toEqual({ kind: "acked" });
    server.setSnapshot("a", clusters("a=2"));
    expect(await taken(one)).toBe("a=2");
    await other.next(cluster);
    other.close();
    expect(await taken(one)).toBe("-old");
    expect(await server.waitForAcks("a", 2_000)).toEqual({ kind: "acked" });
  });

  test.each([
    ["of one node", ["a", "a", "a"]],
    ["of one group", ["a-1", "a-2", "a-3"]],
  ] as const)(
    "%s: what one takes is refused by the other all the same, and a fresh one has what was good",
    async (_, names) => {
      const server = await start({ groupOf: () => "all" });
      const [first, second, third] = names;
      const give = (text: string): void => {
        for (const name of new Set(names)) server.setSnapshot(name, clusters(text));
      };
      give("a=1");
      const [refuser, taker] = [connect(server, first), connect(server, second)];
      for (const proxy of [refuser, taker]) await taken(proxy);
      for (const name of [first, second])
        expect(await server.waitForAcks(name, 2_000)).toEqual({ kind: "acked" });
      give("a=2");
      const [refused, good] = [await refuser.next(cluster), await taker.next(cluster)];
      refuser.nack(refused, "no");
      // It was on its way when the other one took it.
      expect(await taken(refuser)).toBe("a=1");
      taker.ack(good);
      expect(await taken(taker)).toBe("a=1");
      const fresh = connect(server, third);
      expect(await taken(fresh)).toBe("a=1");
      // Nor does it come back with what has nothing to do with it.
      give("a=2 b=1");
      for (const proxy of [refuser, taker, fresh]) expect(await taken(proxy)).toBe("b=1");
      for (const proxy of [refuser, taker, fresh]) expect(await proxy.quiet()).toEqual([]);
      for (const name of new Set(names))
        expect(await server.waitForAcks(name, 2_000)).toMatchObject({
          kind: "nacked",
          nacks: [{ node: name, resources: ["a"], message: "no" }],
        });
    },
  );

  test("one that tries in parts what it refused is not helped by what the other had taken before", async () => {
    const nacks: Nack[] = [];
    const server = await start({ onNack: (nack) => nacks.push(nack) });
    server.setSnapshot("a", clusters("a=1 b=1"));
    const [refuser, taker] = [connect(server), connect(server)];
    const [refused, good] = [await refuser.next(cluster), await taker.next(cluster)];
    refuser.nack(refused, "no");
    const half = await refuser.next(cluster);
    taker.ack(good);
    await taker.quiet();
    expect(said(half)).toBe("a=1");
    expect(await refuser.quiet()).toEqual([]);
    refuser.ack(half);
    const other = await refuser.next(cluster);
    expect(said(other)).toBe("b=1");
    refuser.nack(other, "no");
    await expect.poll(() => nacks.map(({ resources }) => resources)).toEqual([["b"]]);
  });

  test("one ends in the midst of trying: another goes on with it", async () => {
    const server = await start();
    server.setSnapshot("a", clusters("a=1 b=1"));
    const refuser = connect(server);
    refuser.nack(await refuser.next(cluster), "no");
    await refuser.next(cluster);
    refuser.close();
    await expect.poll(() => server.counts().streams).toBe(0);
    const fresh = connect(server);
    expect(await taken(fresh)).toBe("a=1");
    expect(await taken(fresh)).toBe("b=1");
    expect(await server.waitForAcks("a", 2_000)).toEqual({ kind: "acked" });
  });
});

describe("in the state of the world", () => {
  const connectWhole = (server: XdsServer, version: string): FakeSotwProxy => {
    const proxy = fakeSotwProxy(server.port, "a");
    onTestFinished(proxy.close);
    proxy.ask(cluster, { versionInfo: version });
    return proxy;
  };
  const all = ({ resources }: DiscoveryResponse): string =>
    resources.map(({ value }) => new TextDecoder().decode(value)).join(" ");

  test("a replica keeps what it has taken while another one tries it in parts, and when that refuses it", async () => {
    const server = await start();
    server.setSnapshot("a", clusters("a=1 b=1"));
    const [refuser, taker] = [connectWhole(server, ""), connectWhole(server, "")];
    taker.ack(await taker.next(cluster));
    refuser.nack(await refuser.next(cluster), "no");
    const half = await refuser.next(cluster);
    expect(all(half)).toBe("a=1");
    expect(await taker.quiet()).toEqual([]);
    refuser.ack(half);
    refuser.nack(await refuser.next(cluster), "no");
    expect(all(await refuser.next(cluster))).toBe("a=1");
    expect(await taker.quiet()).toEqual([]);
    // Nor does it lose it with what has nothing to do with it.
    server.setSnapshot("a", clusters("a=1 b=1 c=1"));
    expect(all(await taker.next(cluster))).toBe("a=1 b=1 c=1");
    expect(all(await refuser.next(cluster))).toBe("a=1 c=1");
  });

  test("one with the world of another server is not sent a part of it: what it names is at fault", async () => {
    const nacks: Nack[] = [];
    const server = await start({ onNack: (nack) => nacks.push(nack) });
    server.setSnapshot("a", clusters("a=1 b=1 c=1"));
    const proxy = connectWhole(server, "of another server");
    proxy.nack(await proxy.next(cluster), "Error adding/updating cluster(s) b: no");
    await expect.poll(() => nacks.map(({ resources }) => resources)).toEqual([["b"]]);
    expect(await proxy.quiet()).toEqual([]);
    server.setSnapshot("a", clusters("a=1 b=1 c=2"));
    const next = await proxy.next(cluster);
    expect(all(next)).toBe("a=1 b=1 c=2");
    proxy.nack(next, "Error adding/updating cluster(s) b: no");
    expect(await proxy.quiet()).toEqual([]);
    server.setSnapshot("a", clusters("a=1 b=2 c=2"));
    proxy.ack(await proxy.next(cluster));
    expect(await server.waitForAcks("a", 2_000)).toEqual({ kind: "acked" });
  });

  test("one with the world of another server that names nothing is sent parts, since nothing else finds what is at fault", async () => {
    const server = await start();
    server.setSnapshot("a", clusters("a=1 b=1"));
    const proxy = connectWhole(server, "of another server");
    proxy.nack(await proxy.next(cluster), "no");
    const half = await proxy.next(cluster);
    expect(all(half)).toBe("a=1");
    proxy.ack(half);
    proxy.nack(await proxy.next(cluster), "no");
    expect(all(await proxy.next(cluster))).toBe("a=1");
  });
});

describe("the words of a refusal", () => {
  test("name what is tried last, and nothing is at fault that was not refused alone", async () => {
    const nacks: Nack[] = [];
    const server = await start({ onNack: (nack) => nacks.push(nack) });
    server.setSnapshot("a", clusters("a=1 bad=1 default=1"));
    const proxy = connect(server);
    const first = await proxy.next(cluster);
    const words = "Proto constraint: field a must be one of the default values";
    proxy.nack(first, words);
    const alone = await proxy.next(cluster);
    expect(said(alone)).toBe("bad=1");
    proxy.nack(alone, words);
    expect(await taken(proxy)).toBe("a=1 default=1");
    expect(await proxy.quiet()).toEqual([]);
    expect(nacks.map(({ resources }) => resources)).toEqual([["bad"]]);
  });

  test("are cut, and looked through once for all names", async () => {
    const server = await start();
    const names = Array.from({ length: 2_000 }, (_, index) => `cluster-${index}=1`);
    server.setSnapshot("a", clusters(names.join(" ")));
    const proxy = connect(server);
    proxy.nack(await proxy.next(cluster), `cluster-7: no. ${"x ".repeat(1 << 20)}`);
    const rest = await proxy.next(cluster);
    expect(rest.resources).toHaveLength(1_999);
    proxy.ack(rest);
    proxy.nack(await proxy.next(cluster), `cluster-7: no. ${"x ".repeat(1 << 20)}`);
    const outcome = await server.waitForAcks("a", 5_000);
    expect(outcome).toMatchObject({ kind: "nacked", nacks: [{ resources: ["cluster-7"] }] });
    expect(outcome.kind === "nacked" && outcome.nacks[0]?.message.length).toBe((4 << 10) + 1);
  });
});

describe("what was refused", () => {
  test("is shown and counted as long as it is wanted", async () => {
    const server = await start();
    server.setSnapshot("a", clusters("a=1"));
    const proxy = connect(server);
    await taken(proxy);
    server.setSnapshot("a", clusters("a=2"));
    proxy.nack(await proxy.next(cluster), "no");
    await taken(proxy);
    expect(server.counts().quarantined).toEqual(new Map([[cluster, 1]]));
    server.setSnapshot("a", clusters("a=3"));
    expect(await taken(proxy)).toBe("a=3");
    expect(await server.waitForAcks("a", 2_000)).toEqual({ kind: "acked" });
    expect(server.counts().quarantined).toEqual(new Map());
    expect(server.status()[0]?.types.get(cluster)?.get("a")).toEqual({ sent: "3", acked: "3" });
    expect(server.receipts()).toMatchObject([{ refused: [] }]);
  });

  test("is not sent again when another version has been refused since", async () => {
    const server = await start();
    const proxy = connect(server);
    for (const version of [1, 2]) {
      server.setSnapshot("a", clusters(`a=${version}`));
      proxy.nack(await proxy.next(cluster), "no");
      expect(await server.waitForAcks("a", 2_000)).toMatchObject({ kind: "nacked" });
    }
    server.setSnapshot("a", clusters("a=1"));
    expect(await proxy.quiet()).toEqual([]);
    expect(await server.waitForAcks("a", 2_000)).toMatchObject({ kind: "nacked" });
  });

  test("a restarted proxy has what was good, and not nothing", async () => {
    const server = await start();
    server.setSnapshot("a", clusters("a=1"));
    const proxy = connect(server);
    await taken(proxy);
    server.setSnapshot("a", clusters("a=2"));
    proxy.nack(await proxy.next(cluster), "no");
    await taken(proxy);
    proxy.close();
    await expect.poll(() => server.counts().streams).toBe(0);
    expect(await taken(connect(server))).toBe("a=1");
  });

  test("long ago, and by names that are not there any more, is forgotten", () => {
    const wanted = { typeUrl: cluster, name: "wanted", version: "1" };
    const quarantine = createQuarantine(({ name }) => name === "wanted");
    const client = {};
    for (const resource of [
      wanted,
      ...Array.from({ length: 2_000 }, (_, index) => ({ ...wanted, name: `old-${index}` })),
    ])
      expect(quarantine.refuse(client, cluster, [resource], "no")).toEqual([resource.name]);
    const isRefused = (name: string): boolean => quarantine.isRefused({ ...wanted, name });
    expect(["wanted", "old-0", "old-1999"].map(isRefused)).toEqual([true, false, true]);
  });
});
