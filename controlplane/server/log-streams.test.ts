import { create, toBinary } from "@bufbuild/protobuf";
import { Client, credentials } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import {
  type StreamAccessLogsMessage,
  StreamAccessLogsMessageSchema,
} from "../xds/generated/envoy/service/accesslog/v3/als_pb.ts";
import { startGrpcJsTransport } from "./grpc-js-transport.ts";
import { startHttp2Transport } from "./http2-transport.ts";
import type { LoggedRequests } from "./log-streams.ts";
import { createXdsServer, type XdsServer, type XdsServerOptions } from "./xds-server.ts";

const path = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs";

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
const closers: (() => void | Promise<void>)[] = [];

/** Entries of requests with these paths. */
function message(
  paths: readonly string[],
  identity?: { readonly node: string; readonly log: string },
): StreamAccessLogsMessage {
  return create(StreamAccessLogsMessageSchema, {
    ...(identity === undefined ? {} : { identifier: { node: { id: identity.node }, logName: identity.log } }),
    logEntries: { case: "httpLogs", value: { logEntry: paths.map((each) => ({ request: { path: each } })) } },
  });
}

interface Logger {
  send(bytes: Uint8Array): void;
  say(paths: readonly string[], identity?: Parameters<typeof message>[1]): void;
  readonly ended: Promise<{ readonly code: number; readonly details: string }>;
}

function logger({ port }: XdsServer): Logger {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  let end: (ending: { readonly code: number; readonly details: string }) => void = () => {};
  const ended = new Promise<{ readonly code: number; readonly details: string }>((resolve) => {
    end = resolve;
  });
  const stream = client.makeClientStreamRequest(
    path,
    (bytes: Uint8Array) => Buffer.from(bytes),
    (bytes: Buffer) => bytes,
    () => {},
  );
  stream.on("status", ({ code, details }) => end({ code, details }));
  stream.on("error", () => {});
  closers.push(() => {
    stream.cancel();
    client.close();
  });
  const send = (bytes: Uint8Array): void => {
    stream.write(bytes);
  };
  return {
    send,
    say: (paths, identity) => send(toBinary(StreamAccessLogsMessageSchema, message(paths, identity))),
    ended,
  };
}

describe.each([
  ["HTTP/2", startHttp2Transport],
  ["gRPC's library", startGrpcJsTransport],
])("over %s", (_, transport) => {
  async function start(options: Partial<XdsServerOptions> = {}): Promise<{
    readonly server: XdsServer;
    readonly logged: LoggedRequests[];
  }> {
    const logged: LoggedRequests[] = [];
    const server = await createXdsServer({
      ...{ listen: { host: "127.0.0.1", port: 0 }, transport },
      logs: { onEntries: (entries) => logged.push(entries) },
      ...options,
    });
    closers.push(() => server.close());
    return { server, logged };
  }

  test("entries are told of with the node and the log that the first message names", async () => {
    const { server, logged } = await start();
    const rate = logger(server);
    rate.say(["/a", "/b"], { node: "rate", log: "inbound" });
    rate.say(["/c"]);
    // Of nothing nobody is told.
    rate.say([]);
    rate.say(["/d"], { node: "other", log: "other" });
    await expect.poll(() => logged.length).toBe(3);
    expect(
      logged.map(({ node, log, entries }) => [node, log, ...entries.map(({ request }) => request?.path)]),
    ).toEqual([
      ["rate", "inbound", "/a", "/b"],
      ["rate", "inbound", "/c"],
      ["rate", "inbound", "/d"],
    ]);
    expect(server.counts()).toMatchObject({ logStreams: 1, logsUnread: 0 });
    server.setSnapshot("rate", new Map());
    server.removeNode("rate");
    expect(await rate.ended).toMatchObject({ code: 0 });
    await expect.poll(() => server.counts().logStreams).toBe(0);
  });

  test("only from who may be the node, and only on so many streams", async () => {
    const { server, logged } = await start({
      refuses: (_, node) => (node === "geo" ? "you are rate" : undefined),
      limits: { logStreamsMax: 2 },
    });
    const geo = logger(server);
    geo.say(["/a"], { node: "geo", log: "x" });
    expect(await geo.ended).toEqual({ code: 7, details: "you are rate" });
    const nobody = logger(server);
    nobody.say(["/a"]);
    expect(await nobody.ended).toMatchObject({ code: 3, details: "the first message has no node.id" });
    const streams = [logger(server), logger(server), logger(server)];
    for (const [index, each] of streams.entries()) {
      each.say(["/a"], { node: "rate", log: "x" });
      if (index < 2) await expect.poll(() => logged.length).toBe(index + 1);
    }
    expect(await streams[2]?.ended).toMatchObject({ code: 8, details: "node rate has 2 streams already" });
    expect(server.counts().refusals).toEqual(
      new Map([
        ["permission_denied", 1],
        ["invalid_argument", 1],
        ["resource_exhausted", 1],
      ]),
    );
  });

  test("what is no message ends the stream, and what is too long", async () => {
    const { server, logged } = await start();
    const broken = logger(server);
    broken.say(["/a"], { node: "rate", log: "x" });
    broken.send(new Uint8Array([255, 255]));
    expect(await broken.ended).toMatchObject({ code: 3, details: "not a message of an access log" });
    const long = logger(server);
    long.say(["x".repeat(1 << 20)], { node: "rate", log: "x" });
    expect(await long.ended).toMatchObject({ code: 8, details: "a message has at most 1048576 bytes" });
    expect(logged).toHaveLength(1);
    expect(server.counts().logStreams).toBe(0);
  });

  test("of a stream that says too much the rest is let go of, unread and counted", async () => {
    const { server, logged } = await start();
    const rate = logger(server);
    rate.say(["/first"], { node: "rate", log: "x" });
    for (let time = 0; time < 20; time++) rate.say(["x".repeat(100_000)]);
    await expect.poll(() => logged.length + server.counts().logsUnread).toBe(21);
    expect(server.counts().logsUnread).toBeGreaterThan(5);
    expect(logged.length).toBeGreaterThan(9);
    // It is no fault that ends a stream.
    expect(server.counts().logStreams).toBe(1);
  });

  test("a server that takes none says so", async () => {
    const server = await createXdsServer({ listen: { host: "127.0.0.1", port: 0 }, transport });
    closers.push(() => server.close());
    const rate = logger(server);
    rate.say(["/a"], { node: "rate", log: "x" });
    expect(await rate.ended).toEqual({ code: 12, details: "access logs are not taken here" });
  });
});
