import { describe, expect, onTestFinished, test } from "vitest";
import type {
  DeltaDiscoveryResponse,
  DiscoveryResponse,
} from "../xds/generated/envoy/service/discovery/v3/discovery_pb.ts";
import { byName } from "../xds/resource.ts";
import { type TypeUrl, typeUrl } from "../xds/type-url.ts";
import {
  type FakeClient,
  type FakeProxy,
  type FakeSotwProxy,
  fakeProxy,
  fakeSotwProxy,
} from "./fake-proxy.test-helper.ts";
import type { Nack } from "./node.ts";
import { createQuarantine } from "./quarantine.ts";
import type { Snapshot } from "./snapshot.ts";
import { start } from "./start.test-helper.ts";
import type { XdsServer } from "./xds-server.ts";

// What one client refuses, and what others make of it. Several streams of a node are its replicas.

const { cluster, endpoints, listener } = typeUrl;

function connect(server: XdsServer, node = "a"): FakeProxy {
  const proxy = fakeProxy(server.port, node);
  onTestFinished(proxy.close);
  proxy.ask(cluster);
  return proxy;
}

function clusters(text: string): Snapshot {
  return snapshotOf(cluster, text);
}

function snapshotOf(type: TypeUrl, text: string): Snapshot {
  const each = text.split(" ").map((pair) => {
    const [name = "", version = ""] = pair.split("=");
    return { name, typeUrl: type, version, bytes: new TextEncoder().encode(pair) };
  });
  return new Map([[type, byName(each)]]);
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

  test("one of a group ends in the midst of trying: another goes on with it, which had waited for that one", async () => {
    const server = await start({ groupOf: () => "all" });
    for (const node of ["a-1", "a-2"]) server.setSnapshot(node, clusters("a=1 b=1 c=1 d=1"));
    const refuser = connect(server, "a-1");
    refuser.nack(await refuser.next(cluster), "no");
    expect(said(await refuser.next(cluster))).toBe("a=1 b=1");
    const other = connect(server, "a-2");
    expect(await taken(other)).toBe("a=1 b=1");
    expect(await other.quiet()).toEqual([]);
    refuser.close();
    expect(await taken(other)).toBe("c=1 d=1");
    expect(await server.waitForAcks("a-2", 2_000)).toEqual({ kind: "acked" });
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

  test("what was to go, and comes back before that is taken, is sent again", async () => {
    const server = await start();
    const before = snapshotOf(listener, "in=1");
    server.setSnapshot("a", before);
    const proxy = fakeSotwProxy(server.port, "a");
    onTestFinished(proxy.close);
    proxy.ask(listener);
    proxy.ack(await proxy.next(listener));
    expect(await server.waitForAcks("a", 2_000)).toEqual({ kind: "acked" });
    server.setSnapshot("a", new Map());
    const gone = await proxy.next(listener);
    expect(all(gone)).toBe("");
    server.setSnapshot("a", before);
    const back = await proxy.next(listener);
    expect(all(back)).toBe("in=1");
    proxy.ack(gone);
    proxy.ack(back);
    expect(await server.waitForAcks("a", 2_000)).toEqual({ kind: "acked" });
  });

  test("what it would not let go of is asked for again also when the next is there before it has answered", async () => {
    const server = await start();
    server.setSnapshot("a", clusters("a=1 b=1"));
    const proxy = connectWhole(server, "");
    proxy.ack(await proxy.next(cluster));
    proxy.ask(listener);
    proxy.ack(await proxy.next(listener));
    expect(await server.waitForAcks("a", 2_000)).toEqual({ kind: "acked" });
    server.setSnapshot("a", clusters("a=1"));
    proxy.nack(await proxy.next(cluster), "no");
    const kept = await proxy.next(cluster);
    expect(all(kept)).toBe("a=1 b=1");
    server.setSnapshot("a", new Map([...clusters("a=1"), ...snapshotOf(typeUrl.runtime, "r=1")]));
    expect(await proxy.quiet()).toEqual([]);
    proxy.ack(kept);
    const gone = await proxy.next(cluster);
    expect(all(gone)).toBe("a=1");
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

describe.each(["delta", "sotw"] as const)("a client of the form %s", (form) => {
  interface Client {
    readonly ask: (type: TypeUrl, earlier?: readonly string[]) => void;
    readonly taken: (type?: TypeUrl) => Promise<string>;
    readonly refused: (type?: TypeUrl, withinMs?: number) => Promise<string>;
    readonly quiet: () => Promise<readonly string[]>;
  }

  function client(server: XdsServer): Client {
    if (form === "delta") {
      const proxy = fakeProxy(server.port, "a");
      return clientOf(proxy, said, (type, names) =>
        proxy.ask(type, {
          resourceNamesSubscribe: [...names],
          initialResourceVersions: Object.fromEntries(names.map((name) => [name, "of another server"])),
        }),
      );
    }
    const proxy = fakeSotwProxy(server.port, "a");
    return clientOf(
      proxy,
      ({ resources }) => resources.map(({ value }) => new TextDecoder().decode(value)).join(" "),
      (type, names) =>
        proxy.ask(type, {
          resourceNames: [...names],
          versionInfo: names.length === 0 ? "" : "of another server",
        }),
    );
  }

  function clientOf<Request, Response>(
    proxy: FakeClient<Request, Response>,
    contents: (response: Response) => string,
    ask: (type: TypeUrl, names: readonly string[]) => void,
  ): Client {
    onTestFinished(proxy.close);
    const next = async (
      type: TypeUrl,
      answer: (response: Response) => void,
      withinMs?: number,
    ): Promise<string> => {
      const response = await proxy.next(type, withinMs);
      answer(response);
      return contents(response);
    };
    return {
      ask: (type, earlier = []) => ask(type, earlier),
      taken: (type = cluster) => next(type, proxy.ack),
      refused: (type = cluster, withinMs) => next(type, (response) => proxy.nack(response, "no"), withinMs),
      quiet: proxy.quiet,
    };
  }

  /** What it is sent while it refuses all of it. */
  async function refusesAll(proxy: Client): Promise<readonly string[]> {
    const all: string[] = [];
    while (all.length < 20) {
      const next = await proxy.refused(cluster, 3_000).catch(() => undefined);
      if (next === undefined) break;
      all.push(next);
    }
    return all;
  }

  test("that refuses all from now on, also what it had, is sent no more after a while", async () => {
    const server = await start();
    server.setSnapshot("a", clusters("a=1 b=1"));
    const proxy = client(server);
    proxy.ask(cluster);
    await proxy.taken();
    server.setSnapshot("a", clusters("a=2 b=2"));
    const whole = ["a=2 b=2", "a=2 b=1", "a=1 b=2", "a=1 b=1"];
    expect(await refusesAll(proxy)).toEqual(form === "delta" ? [...whole, "a=1", "b=1"] : whole);
    server.setSnapshot("a", clusters("a=3 b=1"));
    expect((await proxy.taken()).split(" ")).toContain("a=3");
  });

  test("that refuses all from the beginning, also what was good for others, is sent no more after a while", async () => {
    const server = await start();
    server.setSnapshot("a", clusters("a=1"));
    const proxy = client(server);
    proxy.ask(cluster);
    await proxy.taken();
    server.setSnapshot("a", clusters("a=2"));
    await proxy.refused();
    expect(await proxy.taken()).toBe("a=1");
    server.setSnapshot("a", clusters("a=2 b=2"));
    await proxy.taken();
    const fresh = client(server);
    fresh.ask(cluster);
    // In the state of the world it is told that there is none in the end.
    const parts = ["a=1 b=2", "a=1", "b=2"];
    expect(await refusesAll(fresh)).toEqual(form === "delta" ? parts : [...parts, ""]);
    expect(await proxy.quiet()).toEqual([]);
  });

  test.each([
    ["one of two", "a=1"],
    ["all", ""],
  ])("that does not let go of %s has not acknowledged it", async (_, left) => {
    const nacks: Nack[] = [];
    const server = await start({ onNack: (nack) => nacks.push(nack) });
    server.setSnapshot("a", clusters("a=1 b=1"));
    const proxy = client(server);
    proxy.ask(cluster);
    await proxy.taken();
    proxy.ask(listener);
    await proxy.taken(listener);
    expect(await server.waitForAcks("a", 2_000)).toEqual({ kind: "acked" });
    const next = left === "" ? new Map() : clusters(left);
    server.setSnapshot("a", next, { revision: "2" });
    const kept = left === "" ? ["a", "b"] : ["b"];
    expect(await proxy.refused()).toBe(form === "delta" ? kept.map((name) => `-${name}`).join(" ") : left);
    const nack = { node: "a", typeUrl: cluster, resources: kept, message: "no" };
    expect(await server.waitForConvergence("2", 2_000)).toEqual({ kind: "nacked", nacks: [nack] });
    expect(nacks).toEqual([nack]);
    expect(server.receipts()[0]).not.toHaveProperty("acknowledged");
    // What it had is what it is told of meanwhile, and the same is not asked of it again.
    if (form === "sotw") expect(await proxy.taken()).toBe("a=1 b=1");
    expect(await proxy.quiet()).toEqual([]);
    // With something else it may be another thing.
    server.setSnapshot("a", clusters("a=1 c=1"));
    expect(await proxy.taken()).toBe(form === "sotw" ? "a=1 b=1 c=1" : left === "" ? "a=1 c=1" : "c=1");
    expect(await proxy.taken()).toBe(form === "delta" ? "-b" : "a=1 c=1");
    expect(await server.waitForAcks("a", 2_000)).toEqual({ kind: "acked" });
  });

  test("that does not let go of a listener keeps the clusters that it may lead to", async () => {
    const server = await start();
    server.setSnapshot("a", new Map([...clusters("a=1"), ...snapshotOf(listener, "in=1")]));
    const proxy = client(server);
    proxy.ask(cluster);
    await proxy.taken();
    proxy.ask(listener);
    await proxy.taken(listener);
    expect(await server.waitForAcks("a", 2_000)).toEqual({ kind: "acked" });
    server.setSnapshot("a", new Map());
    expect(await proxy.refused(listener)).toBe(form === "delta" ? "-in" : "");
    if (form === "sotw") expect(await proxy.taken(listener)).toBe("in=1");
    expect(await proxy.quiet()).toEqual([]);
    expect(await server.waitForAcks("a", 2_000)).toMatchObject({ kind: "nacked" });
  });

  test("that had endpoints of another server is not told that there are none while they are looked into", async () => {
    const server = await start();
    const both = (text: string): Snapshot =>
      new Map([...clusters("a=1 b=1"), ...snapshotOf(endpoints, text)]);
    server.setSnapshot("a", both("a=2 b=2"));
    const proxy = client(server);
    proxy.ask(cluster);
    await proxy.taken();
    proxy.ask(endpoints, ["a", "b"]);
    expect(await proxy.refused(endpoints)).toBe("a=2 b=2");
    expect(await proxy.taken(endpoints)).toBe("a=2");
    expect(await proxy.refused(endpoints)).toBe("b=2");
    expect(await proxy.quiet()).toEqual([]);
    server.setSnapshot("a", both("a=2 b=3"));
    expect(await proxy.taken(endpoints)).toBe("b=3");
    expect(await server.waitForAcks("a", 2_000)).toEqual({ kind: "acked" });
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

  test("by a restarted proxy, and was in force before, is given to the next one, and to the same one never", async () => {
    const server = await start();
    const untilGone = () => expect.poll(() => server.counts().streams).toBe(0);
    server.setSnapshot("a", clusters("a=1"));
    const first = connect(server);
    await taken(first);
    expect(await server.waitForAcks("a", 2_000)).toEqual({ kind: "acked" });
    first.close();
    await untilGone();
    const restarted = connect(server);
    restarted.nack(await restarted.next(cluster), "its address is in use");
    expect(await server.waitForAcks("a", 2_000)).toMatchObject({ kind: "nacked" });
    expect(await restarted.quiet()).toEqual([]);
    restarted.close();
    await untilGone();
    expect(await taken(connect(server))).toBe("a=1");
    expect(await server.waitForAcks("a", 2_000)).toEqual({ kind: "acked" });
  });

  test("since there was no address to be had is given to the next one also where it is new; of anything else it is not", async () => {
    const server = await start();
    const untilGone = () => expect.poll(() => server.counts().streams).toBe(0);
    server.setSnapshot("a", clusters("a=1"));
    for (const words of ["cannot bind '127.0.0.1:80': Address already in use", "Unable to create it"]) {
      const proxy = connect(server);
      const response = await proxy.next(cluster);
      expect(said(response)).toBe("a=1");
      proxy.nack(response, words);
      expect(await server.waitForAcks("a", 2_000)).toMatchObject({ kind: "nacked" });
      expect(await proxy.quiet()).toEqual([]);
      proxy.close();
      await untilGone();
    }
    expect(said(await connect(server).next(cluster))).toBe("");
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
