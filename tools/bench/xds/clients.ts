// Proxies as far as a server can tell: each a connection and one incremental stream, which takes what comes, says so, and comes back as
// Envoy does. A process of its own, told what to do over IPC.
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { createUnframer } from "../../../controlplane/server/grpc-frame.ts";
import { DeltaDiscoveryRequestSchema } from "../../../controlplane/xds/generated/envoy/service/discovery/v3/discovery_pb.ts";
import { typeUrl } from "../../../controlplane/xds/type-url.ts";
import { fleet } from "./fleet.ts";

/** What the bench asks for. */
export type Order =
  | { readonly do: "connect"; readonly port: number; readonly nodes: number; readonly filter: boolean }
  /** What changes next. */
  | { readonly do: "expect" }
  /** The end of all connections, and new ones. */
  | { readonly do: "expect-again" }
  | { readonly do: "refuse" };

/** All nodes have what they wait for; times are of the wall clock, in milliseconds. */
export interface Arrived {
  readonly timesMs: readonly number[];
  /** Of resources since the last order. */
  readonly bytes: number;
  /** When the one that refused said so. */
  readonly refusedMs?: number;
}

const path = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
const names = Array.from({ length: fleet.clusters }, (_, cluster) => `cluster-${cluster}`);
/** Envoy's, between a random part of which and nothing it waits: doubled with each try. */
const backoffMs = 500;

/** Envoy's of a stream and of a connection (`Http2ProtocolOptions`): a filter comes without a word in between. */
const windowBytes = 256 << 20;

interface Node {
  readonly name: string;
  session?: ClientHttp2Session;
  stream?: ClientHttp2Stream;
  /** Versions by type and name. */
  readonly held: Map<string, Map<string, string>>;
  tries: number;
  waiting: boolean;
}

let nodes: readonly Node[] = [];
let port = 0;
let hasFilter = false;
let left = 0;
let times: number[] = [];
let bytes = 0;
let refusing = false;
let refusedMs: number | undefined;
const encoder = new TextEncoder();

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(5 + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, 5);
  return framed;
}

/** An acknowledgement, by hand: there are many. */
function answer(type: string, nonce: string): Buffer {
  const [typeBytes, nonceBytes] = [encoder.encode(type), encoder.encode(nonce)];
  return frame(
    Buffer.concat([
      Uint8Array.of(0x12, typeBytes.length),
      typeBytes,
      Uint8Array.of(0x32, nonceBytes.length),
      nonceBytes,
    ]),
  );
}

function open(node: Node): void {
  const session = connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: windowBytes } });
  node.session = session;
  session.on("connect", () => session.setLocalWindowSize(windowBytes));
  session.on("error", () => {});
  // One that comes back is there when the server has answered the connection: of resources there may be nothing to say.
  session.on("remoteSettings", () => {
    if (node.waiting && node.held.size > 0 && node.tries > 0) arrive(node);
  });
  session.on("close", () => again(node));
  const stream = session.request({
    [constants.HTTP2_HEADER_METHOD]: "POST",
    [constants.HTTP2_HEADER_PATH]: path,
    [constants.HTTP2_HEADER_CONTENT_TYPE]: "application/grpc",
    te: "trailers",
  });
  node.stream = stream;
  stream.on("error", () => {});
  const unframer = createUnframer(64 << 20);
  stream.on("data", (chunk: Buffer) => {
    for (const message of unframer.take(chunk)) if (message instanceof Uint8Array) take(node, message);
  });
  // Envoy asks for clusters, and for the rest as it learns of it; when it comes back, for all at once.
  ask(node, typeUrl.cluster, []);
  if (node.held.size > 0) askRest(node);
}

function askRest(node: Node): void {
  ask(node, typeUrl.endpoints, names);
  ask(node, typeUrl.listener, []);
  if (hasFilter) ask(node, typeUrl.extension, ["filter"]);
}

function ask(node: Node, type: string, subscribe: readonly string[]): void {
  const request = create(DeltaDiscoveryRequestSchema, {
    ...(type === typeUrl.cluster ? { node: { id: node.name } } : {}),
    typeUrl: type,
    resourceNamesSubscribe: [...subscribe],
    initialResourceVersions: Object.fromEntries(node.held.get(type) ?? []),
  });
  node.stream?.write(frame(toBinary(DeltaDiscoveryRequestSchema, request)));
}

function again(node: Node): void {
  const waitMs = Math.random() * Math.min(30_000, backoffMs * 2 ** node.tries++);
  setTimeout(() => open(node), waitMs);
}

/** The fields of a response that matter here. */
function take(node: Node, message: Uint8Array): void {
  const reader = new BinaryReader(message);
  const found: [name: string, version: string][] = [];
  let [type, nonce] = ["", ""];
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field === 2) {
      const inner = reader.bytes();
      bytes += inner.length;
      found.push(nameAndVersion(inner));
    } else if (field === 4) type = reader.string();
    else if (field === 5) nonce = reader.string();
    else reader.skip(wire);
  }
  const first = !node.held.has(type);
  if (refusing && node === nodes[0]) {
    refusing = false;
    refusedMs = nowMs();
    const refusal = create(DeltaDiscoveryRequestSchema, {
      ...{ typeUrl: type, responseNonce: nonce, errorDetail: { code: 13, message: "refused by the bench" } },
    });
    node.stream?.write(frame(toBinary(DeltaDiscoveryRequestSchema, refusal)));
    return;
  }
  const held = node.held.get(type) ?? new Map();
  node.held.set(type, held);
  for (const [name, version] of found) held.set(name, version);
  node.stream?.write(answer(type, nonce));
  if (first && type === typeUrl.cluster) askRest(node);
  const isComplete =
    (node.held.get(typeUrl.endpoints)?.size ?? 0) === fleet.clusters &&
    node.held.has(typeUrl.listener) &&
    (!hasFilter || node.held.has(typeUrl.extension));
  if (node.waiting && isComplete && found.length > 0) arrive(node);
}

function nameAndVersion(bytes: Uint8Array): [string, string] {
  const reader = new BinaryReader(bytes);
  let [name, version] = ["", ""];
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field === 1) version = reader.string();
    else if (field === 3) name = reader.string();
    else reader.skip(wire);
  }
  return [name, version];
}

function arrive(node: Node): void {
  node.waiting = false;
  node.tries = 0;
  times.push(nowMs());
  if (--left > 0) return;
  const arrived: Arrived = { timesMs: times, bytes, ...(refusedMs === undefined ? {} : { refusedMs }) };
  process.send?.(arrived);
}

function expectAll(): void {
  [times, bytes, left] = [[], 0, nodes.length];
  for (const node of nodes) node.waiting = true;
}

process.on("message", (order: Order) => {
  if (order.do === "connect") {
    ({ port, filter: hasFilter } = order);
    nodes = Array.from({ length: order.nodes }, (_, n) => ({
      ...{ name: `node-${n}`, held: new Map(), tries: 0, waiting: true },
    }));
    expectAll();
    for (const node of nodes) open(node);
  } else {
    refusing = order.do === "refuse";
    expectAll();
    process.send?.("ready");
  }
});
