import { fromBinary } from "@bufbuild/protobuf";
import {
  status as grpcStatus,
  logVerbosity,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  setLogVerbosity,
} from "@grpc/grpc-js";
import { WireError } from "../error/wire-error.ts";
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
} from "../xds/generated/envoy/service/discovery/v3/discovery_pb.ts";
import { byName, type Resources } from "../xds/resource.ts";
import { type ProxySnapshot, resourcesOf } from "../xds/snapshot.ts";
import { same, transition } from "../xds/transition.ts";
import type { TypeUrl } from "../xds/type-url.ts";
import { adsService } from "./ads-service.ts";
import { type DeltaStream, deltaStream, type Nack, type ResourceStatus, refusalKey } from "./delta-stream.ts";

export interface AdsServerOptions {
  /** Port 0 takes any free one; `AdsServer.port` says which. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly onNack?: (nack: Nack) => void;
  readonly onAck?: (ack: Omit<Nack, "message">) => void;
  readonly onConnected?: (node: string) => void;
  readonly onDisconnected?: (node: string) => void;
}

/** What `waitForAcks` came to. */
export type Outcome =
  | { readonly kind: "acked" }
  | { readonly kind: "nacked"; readonly nacks: readonly Nack[] }
  | { readonly kind: "timeout" };

export interface NodeStatus {
  readonly node: string;
  readonly connected: boolean;
  /** Whether the proxy has acknowledged the whole of its latest snapshot. */
  readonly settled: boolean;
  readonly types: ReadonlyMap<TypeUrl, ReadonlyMap<string, ResourceStatus>>;
  /** Of the latest snapshot. */
  readonly nacks: readonly Nack[];
}

/** Serves each node its snapshot over delta ADS. */
export interface AdsServer {
  readonly port: number;
  /** What the node should hold from now on. It gets there in steps that leave no request unenforced; the latest call counts. */
  setSnapshot(node: string, snapshot: ProxySnapshot): void;
  /** Forget a node and end its streams. */
  removeNode(node: string): void;
  /** Resolves when the node has acknowledged all of its latest snapshot, has refused a part of it, or time is up. */
  waitForAcks(node: string, timeoutMs: number): Promise<Outcome>;
  status(): readonly NodeStatus[];
  /** Ends all streams and stops listening. */
  close(): Promise<void>;
}

interface Node {
  readonly name: string;
  /** Steps to come; the first is being served. */
  steps: readonly ProxySnapshot[];
  /** The last that the proxy has acknowledged as a whole. */
  settled: ProxySnapshot | undefined;
  readonly refused: Map<string, string>;
  nacks: Nack[];
  readonly streams: Map<Call, DeltaStream>;
  /** Whether a proxy has been here: if not, there is nothing to step from. */
  seen: boolean;
  readonly waiting: Set<() => void>;
}

type Call = ServerDuplexStream<Uint8Array, Uint8Array>;

export async function createAdsServer(options: AdsServerOptions): Promise<AdsServer> {
  // What goes wrong comes back as an error or an event; the library's own lines on stderr would say it twice.
  setLogVerbosity(logVerbosity.NONE);
  const nodes = new Map<string, Node>();
  const server = new Server({
    // A reconnecting proxy names every resource that it holds; 4 MiB, the default, is soon too small (xds.md P26).
    "grpc.max_receive_message_length": 256 << 20,
    "grpc.keepalive_time_ms": 30_000,
  });

  function nodeOf(name: string): Node {
    const known = nodes.get(name);
    if (known !== undefined) return known;
    const node: Node = {
      name,
      steps: [],
      settled: undefined,
      refused: new Map(),
      nacks: [],
      streams: new Map(),
      seen: false,
      waiting: new Set(),
    };
    nodes.set(name, node);
    return node;
  }

  function serve(node: Node): void {
    const step = node.steps[0];
    if (step !== undefined) for (const stream of node.streams.values()) stream.serve(step);
  }

  /** Go to the next step when every stream of the node has acknowledged this one. */
  function advance(node: Node): void {
    while (node.streams.size > 0 && allSettled(node)) {
      node.settled = node.steps[0];
      if (node.steps.length === 1) break;
      node.steps = node.steps.slice(1);
      serve(node);
    }
    for (const check of [...node.waiting]) check();
  }

  function open(call: Call, first: DeltaDiscoveryRequest): DeltaStream | undefined {
    const name = first.node?.id ?? "";
    if (name === "") {
      call.emit("error", { code: grpcStatus.INVALID_ARGUMENT, details: "the first request has no node.id" });
      return undefined;
    }
    const node = nodeOf(name);
    node.seen = true;
    const stream = deltaStream({
      node: name,
      refused: node.refused,
      send: (response) => call.write(response),
      onAck: (typeUrl, resources) => options.onAck?.({ node: name, typeUrl, resources }),
      onNack: (nack) => {
        // A refusal of what has been replaced since says nothing of the latest snapshot.
        const latest = node.steps.some((step) =>
          nack.resources.some(
            (refused) =>
              resourcesOf(step, nack.typeUrl).get(refused)?.version ===
              node.refused.get(refusalKey(nack.typeUrl, refused)),
          ),
        );
        if (latest) node.nacks.push(nack);
        options.onNack?.(nack);
      },
    });
    node.streams.set(call, stream);
    const step = node.steps[0];
    if (step !== undefined) stream.serve(step);
    options.onConnected?.(name);
    return stream;
  }

  function handle(call: Call): void {
    let stream: DeltaStream | undefined;
    let name = "";
    const leave = (): void => {
      const node = nodes.get(name);
      if (node?.streams.delete(call) === true) options.onDisconnected?.(name);
    };
    call.on("data", (bytes: Uint8Array) => {
      const request = decode(bytes);
      if (request === undefined) {
        call.emit("error", { code: grpcStatus.INVALID_ARGUMENT, details: "not a DeltaDiscoveryRequest" });
        return;
      }
      if (stream === undefined) {
        name = request.node?.id ?? "";
        stream = open(call, request);
      }
      stream?.receive(request);
      const node = nodes.get(name);
      if (node !== undefined) advance(node);
    });
    call.on("end", () => {
      leave();
      call.end();
    });
    call.on("cancelled", leave);
    call.on("error", leave);
    call.on("close", leave);
  }

  server.addService(adsService, { deltaAggregatedResources: handle });
  const port = await bind(server, options.listen);
  return {
    port,
    setSnapshot: (name, snapshot) => {
      const node = nodeOf(name);
      const current = node.steps[0];
      if (node.steps.at(-1) !== undefined && same(snapshot, node.steps.at(-1))) return;
      node.steps =
        current === undefined || !node.seen ? [snapshot] : transition(held(node, current), snapshot);
      node.nacks = [];
      serve(node);
      advance(node);
    },
    removeNode: (name) => {
      const node = nodes.get(name);
      nodes.delete(name);
      for (const call of node?.streams.keys() ?? []) call.end();
    },
    waitForAcks: (name, timeoutMs) => waitForAcks(nodeOf(name), timeoutMs),
    status: () =>
      [...nodes.values()].map((node) => ({
        node: node.name,
        connected: node.streams.size > 0,
        settled: isSettled(node),
        types: [...node.streams.values()].at(-1)?.status() ?? new Map(),
        nacks: [...node.nacks],
      })),
    close: () =>
      new Promise((resolve) => {
        for (const node of nodes.values()) for (const call of node.streams.keys()) call.end();
        server.forceShutdown();
        resolve();
      }),
  };
}

/** The step being served, with what the proxy has refused of it as it was before. */
function held(node: Node, step: ProxySnapshot): ProxySnapshot {
  const kept = (resources: Resources): Resources =>
    byName(
      [...resources.values()].flatMap((entry) => {
        if (node.refused.get(refusalKey(entry.typeUrl, entry.name)) !== entry.version) return [entry];
        const before = node.settled && resourcesOf(node.settled, entry.typeUrl).get(entry.name);
        return before === undefined ? [] : [before];
      }),
    );
  return {
    listeners: kept(step.listeners),
    clusters: kept(step.clusters),
    endpoints: kept(step.endpoints),
    routes: kept(step.routes),
    extensions: kept(step.extensions),
  };
}

function allSettled(node: Node): boolean {
  return [...node.streams.values()].every((stream) => stream.settled());
}

function isSettled(node: Node): boolean {
  return node.steps.length === 1 && node.streams.size > 0 && allSettled(node);
}

function waitForAcks(node: Node, timeoutMs: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const finish = (outcome: Outcome): void => {
      clearTimeout(timer);
      node.waiting.delete(check);
      resolve(outcome);
    };
    const check = (): void => {
      if (node.nacks.length > 0) finish({ kind: "nacked", nacks: [...node.nacks] });
      else if (isSettled(node)) finish({ kind: "acked" });
    };
    const timer = setTimeout(() => finish({ kind: "timeout" }), timeoutMs);
    node.waiting.add(check);
    check();
  });
}

function decode(bytes: Uint8Array): DeltaDiscoveryRequest | undefined {
  try {
    return fromBinary(DeltaDiscoveryRequestSchema, bytes);
  } catch {
    return undefined;
  }
}

function bind(server: Server, listen: AdsServerOptions["listen"]): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`${listen.host}:${listen.port}`, ServerCredentials.createInsecure(), (cause, port) => {
      if (cause === null) return resolve(port);
      const used = cause.message.includes("EADDRINUSE");
      const why = used ? "the port is in use; choose another with --xds-port" : cause.message;
      reject(new WireError("listen", `xDS server on ${listen.host}:${listen.port}: ${why}`, { cause }));
    });
  });
}
