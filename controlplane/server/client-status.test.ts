import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { credentials, status } from "@grpc/grpc-js";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  ClientStatusRequestSchema,
  ClientStatusResponseSchema,
  ConfigStatus,
} from "../xds/generated/envoy/service/status/v3/csds_pb.ts";
import { byName } from "../xds/resource.ts";
import { type TypeUrl, typeUrl } from "../xds/type-url.ts";
import { boundToSpiffeId } from "./bound-to-spiffe-id.ts";
import { authority, signed } from "./certificates.test-helper.ts";
import { readStatusAsk, writeStatus } from "./client-status.ts";
import { type CsdsCaller, type CsdsClient, csdsClient } from "./csds-client.test-helper.ts";
import { fakeProxy } from "./fake-proxy.test-helper.ts";
import { startGrpcJsTransport } from "./grpc-js-transport.ts";
import { startHttp2Transport } from "./http2-transport.ts";
import type { Snapshot } from "./snapshot.ts";
import { start } from "./start.test-helper.ts";
import { statusCall } from "./status-call.ts";
import type { Call } from "./transport.ts";

const { cluster, listener, endpoints, secret } = typeUrl;

/** Written `name=version`. */
function some(type: TypeUrl, text: string): readonly [TypeUrl, ReturnType<typeof byName>] {
  const resources = text.split(" ").map((each) => {
    const [name = "", version = ""] = each.split("=");
    return { name, typeUrl: type, version, bytes: Buffer.from(`${name}'s`) };
  });
  return [type, byName(resources)];
}

/** Written as `cluster a=1 SYNCED`, with what is wrong behind a colon. */
function linesOf(config: CsdsClient | undefined): readonly string[] {
  const kinds = new Map(Object.entries(typeUrl).map(([kind, url]) => [url as string, kind]));
  return (config?.generic_xds_configs ?? []).map(
    ({ type_url: type, name, version_info: version, config_status: state, error_state: error }) =>
      `${kinds.get(type)} ${name}=${version} ${state}${error === null ? "" : `: ${error.details}`}`,
  );
}

function operator(...args: Parameters<typeof csdsClient>): CsdsCaller {
  const client = csdsClient(...args);
  onTestFinished(client.close);
  return client;
}

describe.each([
  ["HTTP/2", startHttp2Transport],
  ["gRPC's library", startGrpcJsTransport],
])("over %s", (_, transport) => {
  test("what a client was sent, has taken, refuses and is still to be sent, with its contents", async () => {
    const server = await start({ transport });
    server.setSnapshot("rate", new Map([some(cluster, "a=1 b=1"), some(listener, "in=1")]));
    const tool = operator(server.port);
    expect(linesOf((await tool.fetch())[0])).toEqual([
      "cluster a=1 NOT_SENT",
      "cluster b=1 NOT_SENT",
      "listener in=1 NOT_SENT",
    ]);
    const proxy = fakeProxy(server.port, "rate");
    onTestFinished(proxy.close);
    proxy.ask(cluster);
    const first = await proxy.next(cluster);
    expect(linesOf((await tool.fetch())[0])).toEqual([
      "cluster a=1 STALE",
      "cluster b=1 STALE",
      "listener in=1 NOT_SENT",
    ]);
    const words = "b is no good: no such thing as b";
    proxy.nack(first, words);
    proxy.ack(await proxy.next(cluster));
    // What the words name is tried alone, for words may err.
    proxy.nack(await proxy.next(cluster), words);
    await expect
      .poll(async () => linesOf((await tool.fetch())[0]))
      .toEqual([
        "cluster a=1 SYNCED",
        "cluster b=1 ERROR: b is no good: no such thing as b",
        "listener in=1 NOT_SENT",
      ]);
    const [config] = await tool.fetch();
    expect(config?.node?.id).toBe("rate");
    expect(config?.generic_xds_configs.map(({ xds_config: shown }) => shown)).toEqual([
      { type_url: cluster, value: Buffer.from("a's") },
      { type_url: cluster, value: Buffer.from("b's") },
      { type_url: listener, value: Buffer.from("in's") },
    ]);
  });

  test("a secret is told of, and not told", async () => {
    const server = await start({ transport });
    server.setSnapshot("rate", new Map([some(cluster, "a=1"), some(secret, "key=1")]));
    const [config] = await operator(server.port).fetch();
    expect(linesOf(config)).toEqual(["cluster a=1 NOT_SENT", "secret key=1 NOT_SENT"]);
    expect(config?.generic_xds_configs.map(({ xds_config: shown }) => shown)).toEqual([
      { type_url: cluster, value: Buffer.from("a's") },
      null,
    ]);
  });

  test("a stream is answered as often as it asks, by what is then", async () => {
    const server = await start({ transport });
    const stream = operator(server.port).stream();
    const states: (readonly string[])[] = [];
    stream.on("data", ({ config }) => states.push(config.flatMap(linesOf)));
    stream.write({});
    await expect.poll(() => states).toEqual([[]]);
    server.setSnapshot("rate", new Map([some(cluster, "a=1")]));
    expect(states).toHaveLength(1);
    stream.write({});
    await expect.poll(() => states).toEqual([[], ["cluster a=1 NOT_SENT"]]);
    const ended = new Promise((resolve) => stream.on("end", resolve));
    stream.end();
    await ended;
  });

  test("those nodes are told of that one of the matchers fits", async () => {
    const server = await start({ transport });
    for (const node of ["rate", "rates", "geo", "Search"])
      server.setSnapshot(node, new Map([some(cluster, "a=1")]));
    const tool = operator(server.port);
    const names = async (...matchers: readonly object[]): Promise<readonly string[]> =>
      (await tool.fetch({ node_matchers: matchers.map((node_id) => ({ node_id })) })).map(
        ({ node }) => node?.id ?? "",
      );
    expect(await names()).toEqual(["rate", "rates", "geo", "Search"]);
    expect(await names({ exact: "rate" })).toEqual(["rate"]);
    expect(await names({ prefix: "rat" })).toEqual(["rate", "rates"]);
    expect(await names({ suffix: "CH" })).toEqual([]);
    expect(await names({ suffix: "CH", ignore_case: true })).toEqual(["Search"]);
    expect(await names({ contains: "e" }, { exact: "geo" })).toEqual(["rate", "rates", "geo", "Search"]);
    expect(await names({ exact: "nobody" })).toEqual([]);
    await expect(names({ safe_regex: { regex: "r.*" } })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: "node_id is matched by exact, prefix, suffix or contains, not by safe_regex or custom",
    });
    await expect(
      tool.fetch({ node_matchers: [{ node_metadatas: [{ path: [{ key: "a" }] }] }] }),
    ).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });
});

test("what a client is to give up is stale until it has", async () => {
  const server = await start();
  server.setSnapshot("rate", new Map([some(cluster, "a=1 b=2")]));
  const proxy = fakeProxy(server.port, "rate");
  onTestFinished(proxy.close);
  proxy.ask(cluster);
  proxy.ask(listener);
  const tool = operator(server.port);
  proxy.ack(await proxy.next(cluster));
  await expect.poll(async () => linesOf((await tool.fetch())[0])).toContain("cluster b=2 SYNCED");
  server.setSnapshot("rate", new Map([some(cluster, "a=1"), some(endpoints, "a=1")]));
  expect(linesOf((await tool.fetch())[0])).toEqual([
    "cluster a=1 SYNCED",
    "cluster b=2 STALE",
    "endpoints a=1 NOT_SENT",
  ]);
});

test("with mutual TLS a client sees the nodes that it may be, and an operator all", async () => {
  const mesh = await authority();
  const server = await start({
    credentials: { ...(await signed(mesh, "spiffe://mesh/wire")), clientAuthorities: mesh.certificate },
    refuses: boundToSpiffeId("spiffe://mesh/sa/{node}"),
    seesAll: ({ identities }) => identities.includes("spiffe://mesh/operator"),
  });
  for (const node of ["rate", "geo"]) server.setSnapshot(node, new Map([some(cluster, "a=1")]));
  const seenBy = async (id: string, request = {}): Promise<readonly (string | undefined)[]> => {
    const { key, certificate } = await signed(mesh, id);
    const channel = credentials.createSsl(
      ...([mesh.certificate, key, certificate].map((pem) => Buffer.from(pem)) as [Buffer, Buffer, Buffer]),
    );
    return (await operator(server.port, channel).fetch(request)).map(({ node }) => node?.id);
  };
  expect(await seenBy("spiffe://mesh/operator")).toEqual(["rate", "geo"]);
  expect(await seenBy("spiffe://mesh/sa/rate")).toEqual(["rate"]);
  const others = { node_matchers: [{ node_id: { exact: "geo" } }] };
  await expect(seenBy("spiffe://mesh/sa/rate", others)).rejects.toMatchObject({
    code: status.PERMISSION_DENIED,
    details: "spiffe://mesh/sa/rate may not see the status of these nodes",
  });
});

describe("an answer", () => {
  const wanted: Snapshot = new Map([some(cluster, "a=1")]);
  const node = { node: "rate", connected: false, settled: false, types: new Map(), nacks: [] };
  const encoded = (request: Parameters<typeof create<typeof ClientStatusRequestSchema>>[1]): Uint8Array =>
    toBinary(ClientStatusRequestSchema, create(ClientStatusRequestSchema, request));

  test("has no contents where none are asked for", () => {
    const ask = readStatusAsk(encoded({ excludeResourceContents: true }));
    expect(ask).toMatchObject({ withContents: false });
    const written = writeStatus([{ status: node, wanted }], { withContents: false, bytesMax: 1_000 });
    const { config } = fromBinary(ClientStatusResponseSchema, written ?? new Uint8Array());
    expect(config[0]?.genericXdsConfigs).toMatchObject([
      { name: "a", versionInfo: "1", configStatus: ConfigStatus.NOT_SENT },
    ]);
    expect(config[0]?.genericXdsConfigs[0]?.xdsConfig).toBeUndefined();
  });

  test("is no larger than it may be", () => {
    expect(writeStatus([{ status: node, wanted }], { withContents: true, bytesMax: 100 })).toBeUndefined();
    expect(readStatusAsk(Buffer.from([0xff]))).toBe("not a request for client status");
  });

  test("to a client that does not read is one, and the next is to its last question", () => {
    const sent: number[] = [];
    const ends: string[] = [];
    let nodes = 0;
    const call: Call = {
      method: { kind: "clientStatus", path: "" },
      peer: { address: "", identities: [] },
      send: (pieces) => {
        sent.push(Buffer.concat(pieces).length);
        return false;
      },
      end: ({ details }) => ends.push(details),
    };
    const end = statusCall(call, {
      states: (_, matches) =>
        ["a", "b"].filter(matches).map((name) => {
          nodes++;
          return { status: { ...node, node: name }, wanted };
        }),
      refuse: (_, why, details) => ends.push(`${why}: ${details}`),
      bytesMax: 150,
    });
    end.message(encoded({ nodeMatchers: [{ nodeId: { matchPattern: { case: "exact", value: "a" } } }] }));
    for (let asked = 0; asked < 5; asked++) end.message(encoded({}));
    expect([sent.length, nodes]).toEqual([1, 1]);
    end.drained();
    // Both nodes together are more than may be.
    expect(ends).toEqual([
      "resource_exhausted: the answer has more than 150 bytes: ask for fewer nodes, or set exclude_resource_contents",
    ]);
    expect(sent).toHaveLength(1);
  });
});
