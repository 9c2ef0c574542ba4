import { create } from "@bufbuild/protobuf";
import { afterEach, describe, expect, test } from "vitest";
import { ClusterStatsSchema } from "../xds/generated/envoy/config/endpoint/v3/load_report_pb.ts";
import { byName } from "../xds/resource.ts";
import { typeUrl } from "../xds/type-url.ts";
import { fakeProxy } from "./fake-proxy.test-helper.ts";
import { startGrpcJsTransport } from "./grpc-js-transport.ts";
import { startHttp2Transport } from "./http2-transport.ts";
import type { LoadReport } from "./load-report.ts";
import { type LoadReporter, loadReporter } from "./load-reporter.test-helper.ts";
import type { Snapshot } from "./snapshot.ts";
import { createXdsServer, type XdsServer, type XdsServerOptions } from "./xds-server.ts";

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
const closers: (() => void | Promise<void>)[] = [];

function clusters(names: string): Snapshot {
  return new Map([
    [
      typeUrl.cluster,
      byName(
        names
          .split(" ")
          .filter((name) => name !== "")
          .map((name) => ({ name, typeUrl: typeUrl.cluster, version: "1", bytes: new Uint8Array() })),
      ),
    ],
  ]);
}

function reporter({ port }: XdsServer): LoadReporter {
  const made = loadReporter(port);
  closers.push(made.close);
  return made;
}

const stats = (clusterName: string, issued: readonly number[], seconds = 10, dropped = 0) =>
  create(ClusterStatsSchema, {
    clusterName,
    upstreamLocalityStats: issued.map((requests, zone) => ({
      locality: { zone: `${zone}` },
      totalIssuedRequests: BigInt(requests),
      totalErrorRequests: 1n,
    })),
    totalDroppedRequests: BigInt(dropped),
    loadReportInterval: { seconds: BigInt(Math.floor(seconds)), nanos: (seconds % 1) * 1e9 },
  });

describe.each([
  ["HTTP/2", startHttp2Transport],
  ["gRPC's library", startGrpcJsTransport],
])("over %s", (_, transport) => {
  async function start(options: Partial<XdsServerOptions> = {}): Promise<{
    readonly server: XdsServer;
    readonly reports: LoadReport[];
    readonly ended: string[];
    /** Resolves when there are so many. */
    readonly until: (count: number) => Promise<void>;
  }> {
    const reports: LoadReport[] = [];
    const ended: string[] = [];
    const server = await createXdsServer({
      listen: { host: "127.0.0.1", port: 0 },
      transport,
      loads: {
        onReport: (report) => reports.push(report),
        onEnded: (node, stream) => ended.push(`${node} ${stream}`),
      },
      ...options,
    });
    closers.push(() => server.close());
    return {
      ...{ server, reports, ended },
      until: (count) => expect.poll(() => reports.length).toBe(count),
    };
  }

  test("a node is asked for its own clusters every ten seconds, and what it reports is told of", async () => {
    const { server, reports, until } = await start();
    server.setSnapshot("rate", clusters("b a"));
    server.setSnapshot("geo", clusters("c"));
    const rate = reporter(server);
    rate.say({ node: { id: "rate" } });
    expect(await rate.next()).toEqual({ clusters: ["a", "b"], seconds: 10 });
    rate.say({ clusterStats: [stats("a", [3, 4], 10.5, 2), stats("b", [])] });
    await until(1);
    expect(reports).toEqual([
      {
        ...{ node: "rate", stream: 1, atMs: expect.any(Number) },
        clusters: [
          { cluster: "a", overMs: 10_500, requests: 7, failed: 2, dropped: 2 },
          { cluster: "b", overMs: 10_000, requests: 0, failed: 0, dropped: 0 },
        ],
      },
    ]);
    expect(server.counts()).toMatchObject({ loadStreams: 1, loadReports: 1, streams: 0 });
  });

  test("a new cluster is asked for at once beside the old ones, and those that have gone are left out at the next report", async () => {
    const { server } = await start({ loads: { intervalMs: 1_500, onReport: () => {} } });
    server.setSnapshot("rate", clusters("a b"));
    const rate = reporter(server);
    rate.say({ node: { id: "rate" } });
    expect(await rate.next()).toEqual({ clusters: ["a", "b"], seconds: 1.5 });
    server.setSnapshot("rate", clusters("a b"));
    server.setSnapshot("rate", clusters("b c"));
    expect((await rate.next()).clusters).toEqual(["a", "b", "c"]);
    rate.say({ clusterStats: [stats("a", [1])] });
    expect((await rate.next()).clusters).toEqual(["b", "c"]);
  });

  test("what a client has, or is about to lose, is asked for until it is gone", async () => {
    const { server } = await start();
    server.setSnapshot("rate", clusters("a"));
    const proxy = fakeProxy(server.port, "rate");
    closers.push(proxy.close);
    proxy.ask(typeUrl.cluster);
    proxy.ask(typeUrl.listener);
    proxy.ack(await proxy.next(typeUrl.cluster));
    const rate = reporter(server);
    rate.say({ node: { id: "rate" } });
    expect((await rate.next()).clusters).toEqual(["a"]);
    server.setSnapshot("rate", clusters("b"));
    expect((await rate.next()).clusters).toEqual(["a", "b"]);
    rate.say({ clusterStats: [stats("a", [1]), stats("b", [1])] });
    // The client has not said yet that it has the new one: both are asked for, so nothing new is asked.
    expect(server.counts().loadStreams).toBe(1);
    server.setSnapshot("rate", clusters("c"));
    expect((await rate.next()).clusters).toEqual(["a", "b", "c"]);
  });

  test("a node that has nothing yet is asked when it has", async () => {
    const { server } = await start();
    const rate = reporter(server);
    rate.say({ node: { id: "rate" } });
    await expect.poll(() => server.counts().loadStreams).toBe(1);
    server.setSnapshot("rate", clusters("a"));
    expect((await rate.next()).clusters).toEqual(["a"]);
  });

  test("replicas of one node have streams of their own, and one that comes back another", async () => {
    const { server, reports, ended, until } = await start();
    server.setSnapshot("rate", clusters("a"));
    const [one, other] = [reporter(server), reporter(server)];
    one.say({ node: { id: "rate" } });
    await one.next();
    other.say({ node: { id: "rate" } });
    await other.next();
    one.say({ clusterStats: [stats("a", [1])] });
    other.say({ clusterStats: [stats("a", [2])] });
    await until(2);
    one.close();
    await expect.poll(() => ended).toEqual(["rate 1"]);
    // An Envoy that comes back tells at once what it could not.
    const again = reporter(server);
    again.say({ node: { id: "rate" }, clusterStats: [stats("a", [30], 25)] });
    await until(3);
    expect(
      reports.map(({ stream, clusters: [load] }) => [stream, load?.requests, load?.overMs]).sort(),
    ).toEqual([
      [1, 1, 10_000],
      [2, 2, 10_000],
      [3, 30, 25_000],
    ]);
  });

  test("of what nobody asked for, and of no time at all, nothing is told", async () => {
    const { server, reports, until } = await start();
    server.setSnapshot("rate", clusters("a"));
    const rate = reporter(server);
    rate.say({ node: { id: "rate" } });
    await rate.next();
    rate.say({ clusterStats: [stats("invented", [9]), stats("a", [9], 0)] });
    rate.say({ clusterStats: [stats("a", [1])] });
    await until(1);
    expect(reports[0]?.clusters).toHaveLength(1);
  });

  test("who may not be the node, has too many streams or says nothing of who it is, is turned away", async () => {
    const named: (string | undefined)[] = [];
    const { server } = await start({
      limits: { streamsMax: 1 },
      refuses: (_, node) => (node === "geo" ? "you are not geo" : undefined),
      onRefused: ({ node }) => named.push(node),
    });
    const [geo, nobody, garbage, one, more] = Array.from({ length: 5 }, () => reporter(server));
    geo?.say({ node: { id: "geo" } });
    expect(await geo?.ended).toEqual({ code: 7, details: "you are not geo" });
    nobody?.say({});
    expect(await nobody?.ended).toEqual({ code: 3, details: "the first report has no node.id" });
    garbage?.sendBytes(Buffer.from([0xff, 0xff]));
    expect(await garbage?.ended).toEqual({ code: 3, details: "not a load report" });
    one?.say({ node: { id: "rate" } });
    await expect.poll(() => server.counts().loadStreams).toBe(1);
    more?.say({ node: { id: "rate" } });
    expect(await more?.ended).toEqual({ code: 8, details: "node rate has 1 streams already" });
    expect(named).toEqual(["geo", undefined, undefined, "rate"]);
  });

  test("a server that takes no reports says so, and one that forgets a node ends its streams", async () => {
    const plain = await createXdsServer({ listen: { host: "127.0.0.1", port: 0 }, transport });
    closers.push(() => plain.close());
    expect((await reporter(plain).ended).code).toBe(12);
    const { server, ended } = await start();
    server.setSnapshot("rate", clusters("a"));
    const rate = reporter(server);
    rate.say({ node: { id: "rate" } });
    await rate.next();
    server.removeNode("rate");
    expect((await rate.ended).code).toBe(0);
    await expect.poll(() => ended).toEqual(["rate 1"]);
  });
});
