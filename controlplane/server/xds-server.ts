import { strict as assert } from "node:assert";
import { WireError } from "../error/wire-error.ts";
import type { TypeUrl } from "../xds/type-url.ts";
import { createAdmission } from "./admission.ts";
import { type Ask, readAsk } from "./ask.ts";
import type { NodeState } from "./client-status.ts";
import { type Converged, createConvergence } from "./convergence.ts";
import { createTally, ofType, type Refusal, type XdsCounts } from "./counts.ts";
import { createGatherings, type Standing } from "./gatherings.ts";
import { startHttp2Transport } from "./http2-transport.ts";
import { isLoopback } from "./is-loopback.ts";
import type { LoadReport } from "./load-report.ts";
import { createLoadStreams } from "./load-streams.ts";
import type { DiscoveryMethod } from "./methods.ts";
import { type Ack, createNode, type Nack, type Node, type NodeStatus, type Outcome } from "./node.ts";
import { createQuarantine, type Quarantine } from "./quarantine.ts";
import { createProgress, type Mark, type Progress, type Receipt } from "./receipts.ts";
import type { Snapshot } from "./snapshot.ts";
import { statusCall } from "./status-call.ts";
import { createStream, type Stream } from "./stream.ts";
import { timerMs } from "./timer.ts";
import type { Call, CallEnd, Credentials, Peer, StartTransport } from "./transport.ts";
import { createWork } from "./work.ts";

export interface XdsServerOptions {
  /** Port 0 takes any free one; `XdsServer.port` says which. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Absent: plain text, which only a loopback address or a network of its own makes safe. */
  readonly credentials?: Credentials;
  /** That plain text is meant where others than this machine reach it. */
  readonly plaintext?: boolean;
  /** Why this client may not be this node; undefined where it may. By default every client may. */
  readonly refuses?: (peer: Peer, node: string) => string | undefined;
  /** Nodes of one group run the same: what one of them refuses, no other is given. By default each is a group of its own. */
  readonly groupOf?: (node: string) => string;
  readonly limits?: Partial<Limits>;
  /** How calls are carried: by Node's HTTP/2 by default. */
  readonly transport?: StartTransport;
  readonly onNack?: (nack: Nack) => void;
  readonly onAck?: (ack: Ack) => void;
  /** Of each stream. */
  readonly onConnected?: (node: string, peer: Peer) => void;
  readonly onDisconnected?: (node: string, peer: Peer) => void;
  /** Told how long a change took until a node, and until all that were sent one with it, had acknowledged it. */
  readonly onConverged?: (converged: Converged) => void;
  /** A node has acknowledged all of a revision, for the first time. */
  readonly onAcknowledged?: (node: string, revision: string) => void;
  /** Whether a client that asks for the status of nodes may see all of them. By default it sees those that it may be. */
  readonly seesAll?: (peer: Peer) => boolean;
  /** Take reports of load; absent, they are not asked for. */
  readonly loads?: Loads;
}

export interface Loads {
  /** Milliseconds between two reports of a client; 10,000 by default. */
  readonly intervalMs?: number;
  readonly onReport: (report: LoadReport) => void;
  /** No more reports come of this stream. */
  readonly onEnded?: (node: string, stream: number) => void;
}

/** What became of a revision at the nodes that were given it. */
export type Convergence =
  /** All of them that are connected have acknowledged all of it. */
  | { readonly kind: "converged"; readonly receipts: readonly Receipt[] }
  | { readonly kind: "nacked"; readonly nacks: readonly Nack[] }
  /** Nodes have been given something else since, or none was given this. */
  | { readonly kind: "replaced" }
  | { readonly kind: "timeout"; readonly missing: readonly string[] };

export interface Limits {
  /** Bytes of a client's message; 64 MiB by default. A reconnecting client names every resource that it holds (xds.md P26). */
  readonly messageBytesMax: number;
  /** Names that one stream may ask for; 100,000 by default. */
  readonly namesMax: number;
  /** Streams that a node may have; 32 by default. */
  readonly streamsMax: number;
  /** Responses that a client may leave without an answer before its stream is ended; 1,000 by default. */
  readonly unansweredMax: number;
  /** New streams a second, and at once; 2,000 and 1,000 by default. More have to wait, those last that hold something already. */
  readonly admission: { readonly perSecond: number; readonly burst: number };
  /** Milliseconds between two signs of life that a connection is asked for; 30,000 by default. */
  readonly keepaliveMs: number;
  /** Milliseconds that a stream may take to its first message; 10,000 by default. */
  readonly firstMessageMsMax: number;
  /** Milliseconds after which a stream is ended, a tenth more or less, so that clients spread over replicas; never by default. */
  readonly streamAgeMsMax: number;
}

const defaults: Limits = {
  messageBytesMax: 64 << 20,
  namesMax: 100_000,
  streamsMax: 32,
  unansweredMax: 1_000,
  admission: { perSecond: 2_000, burst: 1_000 },
  keepaliveMs: 30_000,
  firstMessageMsMax: 10_000,
  streamAgeMsMax: Number.POSITIVE_INFINITY,
};

/** Serves each node its snapshot, by every discovery service in both forms. */
export interface XdsServer {
  readonly port: number;
  /** What the node should hold from now on. It gets there in steps that leave no request unenforced; the latest call counts. */
  setSnapshot(node: string, snapshot: Snapshot, mark?: Mark): void;
  /** Forget a node and end its streams. */
  removeNode(node: string): void;
  /** Resolves when the node has acknowledged all of its latest snapshot, has refused a part of it, or time is up. */
  waitForAcks(node: string, timeoutMs: number): Promise<Outcome>;
  /** Resolves when all nodes that were given the revision by its mark and are connected have acknowledged it, or it will not come to that, or time is up. */
  waitForConvergence(revision: string, timeoutMs: number): Promise<Convergence>;
  /** How far each node is, in little time also for thousands. */
  receipts(): readonly Receipt[];
  status(): readonly NodeStatus[];
  /** What the node should hold in the end; undefined where nothing has been said of it. */
  snapshot(node: string): Snapshot | undefined;
  counts(): XdsCounts;
  /** Use another certificate for new connections. */
  rotate(credentials: Credentials): void;
  /** Take no more connections, and end the streams that are there over this time, so that clients go elsewhere one after the other. */
  drain(overMs: number): Promise<void>;
  /** Ends all streams and stops listening. */
  close(): Promise<void>;
}

const loadIntervalMs = 10_000;

/** gRPC's codes. */
const code = { ok: 0, unimplemented: 12, unavailable: 14 } as const;
const refusalCode = {
  invalid_argument: 3,
  permission_denied: 7,
  resource_exhausted: 8,
} as const satisfies Readonly<Record<Refusal, number>>;

export async function createXdsServer(options: XdsServerOptions): Promise<XdsServer> {
  const limits = { ...defaults, ...options.limits };
  const nodes = new Map<string, Node>();
  const quarantines = new Map<string, Quarantine>();
  const calls = new Map<Stream, Call>();
  const owners = new Map<Stream, Node>();
  const progress = new WeakMap<Node, Progress>();
  const gatherings = createGatherings<Node>();
  const tally = createTally();
  const convergence = createConvergence<Node>(
    (converged) => options.onConverged?.(converged),
    () => performance.now(),
  );
  const pushes = createWork<Node>((node) => {
    tally.pushes++;
    node.serve();
  });
  const admission = createAdmission<Stream>(limits.admission, (stream) => owners.get(stream)?.admit(stream));
  let heartbeats: NodeJS.Timeout | undefined;
  let heartbeatMs = Number.POSITIVE_INFINITY;

  const groupOf = options.groupOf ?? ((name: string) => name);

  function nodeOf(name: string): Node {
    const known = nodes.get(name);
    if (known !== undefined) return known;
    const group = groupOf(name);
    const quarantine = quarantines.get(group) ?? createQuarantine();
    quarantines.set(group, quarantine);
    const node: Node = createNode({
      ...{ name, quarantine },
      onAck: (ack) => options.onAck?.(ack),
      onNack: (nack) => {
        convergence.leave(node);
        gatherings.changed(node);
        options.onNack?.(nack);
      },
      onVerdict: (type, kind) => ofType(tally, type)[kind === "accepted" ? "acks" : "nacks"]++,
      onSettled: () => {
        convergence.end(node);
        const { given } = progressOf(node).receipt();
        // What is held back since it was refused is not acknowledged.
        if (node.nacks().length === 0 && progressOf(node).settled() && given !== undefined)
          options.onAcknowledged?.(name, given);
        gatherings.changed(node);
      },
    });
    nodes.set(name, node);
    progress.set(
      node,
      createProgress(() => Date.now()),
    );
    return node;
  }

  function progressOf(node: Node): Progress {
    const known = progress.get(node);
    assert(known !== undefined, "a node has its progress from the beginning");
    return known;
  }

  function receiptOf(node: Node): Receipt {
    return {
      ...{ node: node.name, connected: node.streams.size > 0, ...progressOf(node).receipt() },
      refused: node.nacks().map(({ message }) => message),
    };
  }

  /** How a node stands with a revision that it was given. */
  function standing(node: Node, revision: string): Standing<Convergence> {
    const done = progressOf(node);
    if (nodes.get(node.name) !== node) return "done";
    if (done.receipt().given !== revision) return { stop: { kind: "replaced" } };
    if (node.nacks().length > 0) return { stop: { kind: "nacked", nacks: node.nacks() } };
    return node.streams.size === 0 || (done.has(revision) && node.isSettled()) ? "done" : "pending";
  }

  const loads = options.loads;
  const loadStreams =
    loads &&
    createLoadStreams({
      intervalMs: loads.intervalMs ?? loadIntervalMs,
      clustersOf: (name) => nodes.get(name)?.clusters() ?? new Set(),
      refuses: (call, name, open) => mayNot(call, name, open),
      refuse,
      onReport: (report) => {
        tally.loadReports++;
        loads.onReport(report);
      },
      onEnded: (name, stream) => loads.onEnded?.(name, stream),
      nowMs: () => performance.now(),
    });

  function refuse(call: Call, why: Refusal, details: string): void {
    tally.refusals.set(why, (tally.refusals.get(why) ?? 0) + 1);
    call.end({ code: refusalCode[why], details });
  }

  /** Why a client may not be this node, or not have one more stream than it has. */
  function mayNot(
    { peer }: Call,
    name: string,
    streams: number,
  ): { readonly why: Refusal; readonly details: string } | undefined {
    const refusal = options.refuses?.(peer, name);
    if (refusal !== undefined) return { why: "permission_denied", details: refusal };
    return streams < limits.streamsMax
      ? undefined
      : { why: "resource_exhausted", details: `node ${name} has ${limits.streamsMax} streams already` };
  }

  /** The first message says who the client is. */
  function open(call: Call, method: DiscoveryMethod, ask: Ask): Stream | undefined {
    const name = ask.node?.id ?? "";
    if (name === "") {
      refuse(call, "invalid_argument", "the first request has no node.id");
      return undefined;
    }
    const refusal = mayNot(call, name, nodes.get(name)?.streams.size ?? 0);
    if (refusal !== undefined) {
      refuse(call, refusal.why, refusal.details);
      return undefined;
    }
    const node = nodeOf(name);
    const stream: Stream = createStream({
      method,
      features: ask.node?.clientFeatures ?? [],
      send: call.send,
      sent: (type, bytes) => {
        const counts = ofType(tally, type);
        counts.responses++;
        counts.bytes += bytes;
        progressOf(node).sent();
      },
      knowsElsewhere: (type) => node.knowsElsewhere(type, stream),
      isRefused: ({ typeUrl, name: resource, version }) =>
        quarantines.get(groupOf(name))?.refused(typeUrl, resource) === version,
      warming: node.warming(),
      nowMs: () => performance.now(),
    });
    calls.set(stream, call);
    owners.set(stream, node);
    node.attach(stream);
    gatherings.changed(node);
    options.onConnected?.(name, call.peer);
    return stream;
  }

  /** Until a client has said something, it is nobody's: it has not long to do so. */
  function accept(call: Call): CallEnd {
    const ms = limits.firstMessageMsMax;
    const silent = setTimeout(() => {
      refuse(call, "resource_exhausted", `no message within ${ms / 1_000} s`);
    }, timerMs(ms)).unref();
    const end = endOf(call);
    return {
      message: (bytes) => {
        clearTimeout(silent);
        end.message(bytes);
      },
      drained: end.drained,
      ended: () => {
        clearTimeout(silent);
        end.ended();
      },
    };
  }

  function endOf(call: Call): CallEnd {
    const { method } = call;
    switch (method.kind) {
      case "discovery":
        return discover(call, method);
      case "loadStats":
        return loadStreams?.accept(call) ?? unimplemented(call, "reports of load are not taken here");
      case "clientStatus":
        return statusCall(call, { states: seenBy, refuse, bytesMax: limits.messageBytesMax });
      default:
        return method satisfies never;
    }
  }

  function seenBy(
    { peer }: Call,
    matches: (node: string) => boolean,
  ): readonly NodeState[] | { readonly refused: string } {
    const may = ({ name }: Node): boolean =>
      options.seesAll?.(peer) === true || options.refuses?.(peer, name) === undefined;
    const asked = [...nodes.values()].filter(({ name }) => matches(name));
    const seen = asked.filter(may);
    if (asked.length > 0 && seen.length === 0) {
      const who = peer.identities.join(" and ") || "nobody";
      return { refused: `${who} may not see the status of these nodes` };
    }
    return seen.map((node) => ({ status: node.status(), wanted: node.wanted() ?? new Map() }));
  }

  function unimplemented(call: Call, details: string): CallEnd {
    call.end({ code: code.unimplemented, details });
    return { message: () => {}, drained: () => {}, ended: () => {} };
  }

  function discover(of: Call, method: DiscoveryMethod): CallEnd {
    let stream: Stream | undefined;
    let over = false;
    const call: Call = {
      ...of,
      // A stream that is ended is the node's no more, whenever its client takes notice.
      end: (ending) => {
        leave();
        of.end(ending);
      },
    };
    const age = Number.isFinite(limits.streamAgeMsMax)
      ? setTimeout(
          () => call.end({ code: code.ok, details: "" }),
          timerMs(limits.streamAgeMsMax * (0.9 + Math.random() * 0.2)),
        ).unref()
      : undefined;
    const leave = (): void => {
      if (over) return;
      over = true;
      clearTimeout(age);
      if (stream === undefined) return;
      const node = owners.get(stream);
      calls.delete(stream);
      owners.delete(stream);
      admission.delete(stream);
      if (node === undefined) return;
      node.detach(stream);
      if (node.streams.size === 0) convergence.leave(node);
      gatherings.changed(node);
      if (nodes.get(node.name) === node) options.onDisconnected?.(node.name, call.peer);
    };
    const end = (why: Refusal, details: string): void => refuse(call, why, details);
    return {
      message: (bytes) => {
        if (over) return;
        const ask = readAsk(method.form, bytes);
        if (ask === undefined) return end("invalid_argument", "not a discovery request");
        const { type, path } = method;
        if (type === undefined && ask.typeUrl === "")
          return end("invalid_argument", "the request has no type_url");
        if (type !== undefined && ask.typeUrl !== "" && ask.typeUrl !== type)
          return end("invalid_argument", `${path} has no ${ask.typeUrl}`);
        if (stream !== undefined) {
          owners.get(stream)?.hear(stream, ask);
        } else {
          stream = open(call, method, ask);
          if (stream === undefined) return;
          // What the client has and wants is taken in at once; when it is answered depends on who else is coming.
          owners.get(stream)?.hear(stream, ask);
          admission.add(stream, stream.isNew());
        }
        if (stream.unanswered() > limits.unansweredMax)
          end("resource_exhausted", `${limits.unansweredMax} responses without an answer`);
        else if (stream.names() > limits.namesMax)
          end("resource_exhausted", `more than ${limits.namesMax} names`);
      },
      drained: () => stream?.drained(),
      ended: leave,
    };
  }

  const { host, port } = options.listen;
  const failed = (why: string, cause?: Error): WireError =>
    new WireError("listen", `xDS server on ${host}:${port}: ${why}`, { cause });
  if (options.credentials === undefined && options.plaintext !== true && !isLoopback(host))
    throw failed("others reach this address, so it needs `credentials`, or `plaintext: true`");

  const transport = await (options.transport ?? startHttp2Transport)({
    listen: options.listen,
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    ...{ messageBytesMax: limits.messageBytesMax, keepaliveMs: limits.keepaliveMs, accept },
  }).catch((cause: Error) => {
    if (cause.message.includes("EADDRINUSE"))
      throw failed("the port is in use; choose another with --xds-port", cause);
    const isTls = "code" in cause && String(cause.code).startsWith("ERR_OSSL");
    throw failed(isTls ? `the credentials are not usable: ${cause.message}` : cause.message, cause);
  });

  /** A third of the shortest time that something keeps, halved for the round itself. */
  function beat(snapshot: Snapshot): void {
    const ms = shortestTtlMs(snapshot) / 6;
    if (ms >= heartbeatMs) return;
    heartbeatMs = ms;
    clearInterval(heartbeats);
    heartbeats = setInterval(() => {
      for (const stream of calls.keys()) stream.heartbeat();
    }, ms);
  }

  function stop(): void {
    pushes.stop();
    admission.stop();
    clearInterval(heartbeats);
  }

  return {
    port: transport.port,
    setSnapshot: (name, snapshot, mark) => {
      const node = nodeOf(name);
      if (mark !== undefined) progressOf(node).give(mark);
      if (node.set(snapshot) && node.streams.size > 0) convergence.begin(node);
      beat(snapshot);
      // Before it is told of clusters that it has not: what it sends to them counts from the beginning.
      loadStreams?.changed(name);
      pushes.add(node);
      gatherings.changed(node);
    },
    removeNode: (name) => {
      const node = nodes.get(name);
      nodes.delete(name);
      if (node === undefined) return;
      const group = groupOf(name);
      // The last of its group takes with it what the group has refused.
      if (![...nodes.keys()].some((other) => groupOf(other) === group)) quarantines.delete(group);
      pushes.delete(node);
      convergence.leave(node);
      gatherings.changed(node);
      const end = (call: Call | undefined): void => call?.end({ code: code.ok, details: "" });
      for (const stream of node.streams) end(calls.get(stream));
      loadStreams?.endNode(name, end);
    },
    waitForAcks: (name, timeoutMs) => nodeOf(name).waitForAcks(timeoutMs),
    waitForConvergence: async (revision, timeoutMs) => {
      const given = [...nodes.values()].filter((node) => progressOf(node).receipt().given === revision);
      if (given.length === 0) return { kind: "replaced" };
      const gathered = await gatherings.all(given, (node) => standing(node, revision), timeoutMs);
      switch (gathered.kind) {
        case "done":
          return {
            kind: "converged",
            receipts: given.filter((node) => nodes.get(node.name) === node).map(receiptOf),
          };
        case "stopped":
          return gathered.stop;
        case "timeout":
          return { kind: "timeout", missing: gathered.pending.map(({ name }) => name) };
        default:
          return gathered satisfies never;
      }
    },
    receipts: () => [...nodes.values()].map(receiptOf),
    status: () => [...nodes.values()].map((node) => node.status()),
    snapshot: (name) => nodes.get(name)?.wanted(),
    counts: () => ({
      ...tally,
      nodes: nodes.size,
      nodesConnected: [...nodes.values()].filter(({ streams }) => streams.size > 0).length,
      streams: calls.size,
      loadStreams: loadStreams?.count() ?? 0,
      waiting: admission.waiting(),
      quarantined: sizesOf([...quarantines.values()].map((quarantine) => quarantine.allRefused())),
    }),
    rotate: (credentials) => transport.rotate(credentials),
    drain: async (overMs) => {
      transport.drain();
      const open = [...calls.values(), ...(loadStreams?.calls() ?? [])];
      for (const [index, call] of open.entries()) {
        setTimeout(
          () => call.end({ code: code.unavailable, details: "this server is going away" }),
          (timerMs(overMs) * index) / open.length,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, timerMs(overMs)));
      stop();
      await transport.close();
    },
    close: async () => {
      stop();
      for (const call of [...calls.values(), ...(loadStreams?.calls() ?? [])])
        call.end({ code: code.ok, details: "" });
      await transport.close();
    },
  };
}

function sizesOf(
  all: readonly ReadonlyMap<TypeUrl, ReadonlyMap<string, string>>[],
): ReadonlyMap<TypeUrl, number> {
  const sizes = new Map<TypeUrl, number>();
  for (const [type, { size }] of all.flatMap((refused) => [...refused]))
    sizes.set(type, (sizes.get(type) ?? 0) + size);
  return sizes;
}

const shortestTtlsMs = new WeakMap<Snapshot, number>();

/** Nodes that share a snapshot have it looked at once. */
function shortestTtlMs(snapshot: Snapshot): number {
  const known = shortestTtlsMs.get(snapshot);
  if (known !== undefined) return known;
  let shortest = Number.POSITIVE_INFINITY;
  for (const resources of snapshot.values())
    for (const { ttlMs } of resources.values()) if (ttlMs !== undefined) shortest = Math.min(shortest, ttlMs);
  shortestTtlsMs.set(snapshot, shortest);
  return shortest;
}
