import { strict as assert } from "node:assert";
import { WireError } from "../error/wire-error.ts";
import type { TypeUrl } from "../xds/type-url.ts";
import { createAdmission } from "./admission.ts";
import { type Ask, readAsk } from "./ask.ts";
import type { NodeState } from "./client-status.ts";
import { type Converged, createConvergence } from "./convergence.ts";
import { createTally, ofType, type Refusal, type XdsCounts } from "./counts.ts";
import { createGatherings, type Standing } from "./gatherings.ts";
import { guarded } from "./guard.ts";
import { startHttp2Transport } from "./http2-transport.ts";
import { isLoopback } from "./is-loopback.ts";
import type { LoadReport } from "./load-report.ts";
import { createLoadStreams } from "./load-streams.ts";
import { createLogStreams, type LoggedRequests } from "./log-streams.ts";
import type { DiscoveryMethod } from "./methods.ts";
import { type Ack, createNode, type Nack, type Node, type NodeStatus, type Outcome } from "./node.ts";
import { createQuarantine, type Quarantine } from "./quarantine.ts";
import { createProgress, type Mark, type Progress, type Receipt } from "./receipts.ts";
import { resourcesOf, type Snapshot } from "./snapshot.ts";
import { statusCall } from "./status-call.ts";
import { createStream, type Stream } from "./stream.ts";
import { timerMs } from "./timer.ts";
import type { Call, CallEnd, Credentials, HandshakeFailure, Peer, StartTransport } from "./transport.ts";
import { createWork } from "./work.ts";

/** What it calls may throw: the server goes on, and the error is nobody's, as one of a listener for events. Of `refuses`, nobody is let in then. */
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
  /** A stream was turned away, or ended for what its client does. */
  readonly onRefused?: (refused: Refused) => void;
  /** A client that did not come as far as a stream: by TLS it is nobody who may connect. */
  readonly onHandshakeError?: (failure: HandshakeFailure) => void;
  /** Told how long a change took until a node, and until all that were sent one with it, had acknowledged it. */
  readonly onConverged?: (converged: Converged) => void;
  /** A node has acknowledged all of a revision, for the first time or since it has come back with nothing. */
  readonly onAcknowledged?: (node: string, revision: string) => void;
  /** Whether a client that asks for the status of nodes may see all of them. By default it sees those that it may be. */
  readonly seesAll?: (peer: Peer) => boolean;
  /** Take reports of load; absent, they are not asked for. */
  readonly loads?: Loads;
  /** Take access logs; absent, who sends some is told that they are not taken here. */
  readonly logs?: Logs;
}

export interface Refused {
  readonly peer: Peer;
  /** Who the client says it is, where it has said so. */
  readonly node?: string;
  readonly why: Refusal;
  readonly details: string;
}

export interface Loads {
  /** Milliseconds between two reports of a client; 10,000 by default. */
  readonly intervalMs?: number;
  readonly onReport: (report: LoadReport) => void;
  /** No more reports come of this stream. */
  readonly onEnded?: (node: string, stream: number) => void;
}

export interface Logs {
  /** Told of requests as a node's access log has them. Of what one stream says in a second so much is read as is some thousands of them. */
  readonly onEntries: (logged: LoggedRequests) => void;
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
  /**
   * Bytes of a client's message, and of all those together that a connection has begun; 64 MiB by default. A reconnecting client names
   * every resource that it holds (xds.md P26).
   */
  readonly messageBytesMax: number;
  /** Names that one stream may ask for; 100,000 by default. */
  readonly namesMax: number;
  /** Streams that a node may have; 32 by default. */
  readonly streamsMax: number;
  /** Streams on which a node may send access logs; 256 by default, since an Envoy has one for each log and worker. */
  readonly logStreamsMax: number;
  /** Responses of one type that a client may leave without an answer; 32 by default. The next waits, and says what is the latest then. */
  readonly unansweredMax: number;
  /** Milliseconds after which the stream of a client that still owes those answers is ended, when there is more for it; 60,000 by default. */
  readonly answerMsMax: number;
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
  logStreamsMax: 256,
  unansweredMax: 32,
  answerMsMax: 60_000,
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
  unauthenticated: 16,
} as const satisfies Readonly<Record<Refusal, number>>;

/** Nodes that run the same. */
interface Group {
  readonly name: string;
  readonly nodes: Set<Node>;
  readonly quarantine: Quarantine;
}

export async function createXdsServer(options: XdsServerOptions): Promise<XdsServer> {
  const limits = { ...defaults, ...options.limits };
  const nodes = new Map<string, Node>();
  const groups = new Map<string, Group>();
  const groupsOf = new WeakMap<Node, Group>();
  const calls = new Map<Stream, Call>();
  const owners = new Map<Stream, Node>();
  const progress = new WeakMap<Node, Progress>();
  const gatherings = createGatherings<string>();
  const tally = createTally();
  const on = {
    ack: guarded(options.onAck, undefined),
    nack: guarded(options.onNack, undefined),
    connected: guarded(options.onConnected, undefined),
    disconnected: guarded(options.onDisconnected, undefined),
    refused: guarded(options.onRefused, undefined),
    handshakeError: guarded(options.onHandshakeError, undefined),
    converged: guarded(options.onConverged, undefined),
    acknowledged: guarded(options.onAcknowledged, undefined),
    report: guarded(options.loads?.onReport, undefined),
    ended: guarded(options.loads?.onEnded, undefined),
    entries: guarded(options.logs?.onEntries, undefined),
    seesAll: guarded(options.seesAll, false),
    refuses:
      options.refuses === undefined
        ? () => undefined
        : guarded(options.refuses, "whether it may be this node is not known"),
  };
  const convergence = createConvergence<Node>(on.converged, () => performance.now());
  const pushes = createWork<Node>((node) => {
    tally.pushes++;
    node.serve();
    for (const stream of [...node.streams])
      if (stream.isStalled(limits.answerMsMax)) {
        const call = calls.get(stream);
        const details = `no answer within ${limits.answerMsMax / 1_000} s to ${limits.unansweredMax} responses`;
        if (call !== undefined) refuse(call, "resource_exhausted", details, node.name);
      }
  });
  const admission = createAdmission<Stream>(limits.admission, (stream) => owners.get(stream)?.admit(stream));
  let heartbeats: NodeJS.Timeout | undefined;
  let heartbeatMs = Number.POSITIVE_INFINITY;

  const groupOf = options.groupOf ?? ((name: string) => name);

  function groupNamed(name: string): Group {
    const known = groups.get(name);
    if (known !== undefined) return known;
    const members = new Set<Node>();
    const quarantine = createQuarantine(({ typeUrl, name: resource, version }) =>
      [...members].some(
        (node) => resourcesOf(node.wanted() ?? new Map(), typeUrl).get(resource)?.version === version,
      ),
    );
    const group = { name, nodes: members, quarantine };
    groups.set(name, group);
    return group;
  }

  /** Nothing is to be known of the node any more. The last of its group takes with it what the group has refused. */
  function forget(node: Node): void {
    nodes.delete(node.name);
    const group = groupsOf.get(node);
    group?.nodes.delete(node);
    if (group?.nodes.size === 0) groups.delete(group.name);
    pushes.delete(node);
    convergence.leave(node);
    gatherings.changed(node.name);
  }

  function nodeOf(name: string): Node {
    const known = nodes.get(name);
    if (known !== undefined) return known;
    const group = groupNamed(groupOf(name));
    const node: Node = createNode({
      ...{ name, quarantine: group.quarantine },
      groupStreams: () => [...group.nodes].flatMap(({ streams }) => [...streams]),
      onAck: on.ack,
      onNack: (nack) => {
        convergence.leave(node);
        gatherings.changed(name);
        // The others of its group go back to what was good, too.
        for (const other of group.nodes)
          if (other !== node) {
            if (other.nacks().length > 0) convergence.leave(other);
            pushes.add(other);
            gatherings.changed(other.name);
          }
        on.nack(nack);
      },
      onVerdict: (type, kind) => ofType(tally, type)[kind === "accepted" ? "acks" : "nacks"]++,
      onSettled: () => {
        // It may be said of one that is just being removed.
        if (nodes.get(name) !== node) return;
        convergence.end(node);
        const { given } = progressOf(node).receipt();
        // What is held back since it was refused is not acknowledged.
        if (node.nacks().length === 0 && progressOf(node).settled() && given !== undefined)
          on.acknowledged(name, given);
        gatherings.changed(name);
      },
    });
    nodes.set(name, node);
    group.nodes.add(node);
    groupsOf.set(node, group);
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

  /** How a node stands with what it was given last. */
  function standingOf(name: string): Standing<Outcome> {
    const node = nodes.get(name);
    if (node === undefined) return "pending";
    const nacks = node.nacks();
    if (nacks.length > 0) return { stop: { kind: "nacked", nacks } };
    return node.isSettled() ? "done" : "pending";
  }

  /** How a node stands with a revision that it was given. */
  function standing(name: string, revision: string): Standing<Convergence> {
    const node = nodes.get(name);
    if (node === undefined) return "done";
    const done = progressOf(node);
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
        on.report(report);
      },
      onEnded: on.ended,
      nowMs: () => performance.now(),
    });

  const logStreams =
    options.logs &&
    createLogStreams({
      refuses: (call, name, open) => mayNot(call, name, open, limits.logStreamsMax),
      refuse,
      onEntries: on.entries,
      onUnread: () => {
        tally.logsUnread++;
      },
      nowMs: () => performance.now(),
    });

  function refuse(call: Call, why: Refusal, details: string, node?: string): void {
    tally.refusals.set(why, (tally.refusals.get(why) ?? 0) + 1);
    call.end({ code: refusalCode[why], details });
    on.refused({ peer: call.peer, ...(node === undefined ? {} : { node }), why, details });
  }

  /** Why a client may not be this node, or not have one more stream than it has. */
  function mayNot(
    { peer }: Call,
    name: string,
    streams: number,
    streamsMax = limits.streamsMax,
  ): { readonly why: Refusal; readonly details: string } | undefined {
    const refusal = on.refuses(peer, name);
    if (refusal !== undefined) return { why: "permission_denied", details: refusal };
    return streams < streamsMax
      ? undefined
      : { why: "resource_exhausted", details: `node ${name} has ${streamsMax} streams already` };
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
      refuse(call, refusal.why, refusal.details, name);
      return undefined;
    }
    const node = nodeOf(name);
    const { quarantine } = groupsOf.get(node) ?? groupNamed(groupOf(name));
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
      isRefused: quarantine.isRefused,
      unansweredMax: limits.unansweredMax,
      warming: node.warming(),
      nowMs: () => performance.now(),
    });
    calls.set(stream, call);
    owners.set(stream, node);
    node.attach(stream);
    gatherings.changed(name);
    on.connected(name, call.peer);
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
      case "accessLogs":
        return logStreams?.accept(call) ?? unimplemented(call, "access logs are not taken here");
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
    const may = ({ name }: Node): boolean => on.seesAll(peer) || on.refuses(peer, name) === undefined;
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
    let grown: NodeJS.Timeout | undefined;
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
      clearTimeout(grown);
      if (stream === undefined) return;
      const node = owners.get(stream);
      calls.delete(stream);
      owners.delete(stream);
      admission.delete(stream);
      if (node === undefined) return;
      const group = groupsOf.get(node);
      const isHeldBack = group?.quarantine.isEmpty() === false;
      node.detach(stream);
      // The others of its group may have what it alone has kept from them.
      for (const other of isHeldBack ? group.nodes : []) if (other !== node) pushes.add(other);
      if (nodes.get(node.name) === node) {
        if (node.streams.size === 0) convergence.leave(node);
        gatherings.changed(node.name);
        // One that nobody has anything for is kept as long as it is there.
        if (node.streams.size === 0 && node.wanted() === undefined) forget(node);
      }
      on.disconnected(node.name, call.peer);
    };
    const end = (why: Refusal, details: string): void =>
      refuse(call, why, details, stream && owners.get(stream)?.name);
    /** Some of what is to be sent depends on how long the client has been here. */
    const growUp = (): void => {
      const ms = stream?.waitsMs();
      if (ms === undefined || grown !== undefined) return;
      grown = setTimeout(() => {
        grown = undefined;
        if (stream !== undefined) owners.get(stream)?.look();
        // A timer that was set in a busy moment comes too early.
        growUp();
      }, ms + 1).unref();
    };
    return {
      message: (bytes) => {
        if (over) return;
        const ask = readAsk(method.form, bytes, stream === undefined);
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
          const owner = owners.get(stream);
          if (owner !== undefined && hasNothing(ask)) progressOf(owner).came();
          owner?.hear(stream, ask);
          admission.add(stream, stream.isNew());
        }
        if (stream.names() > limits.namesMax) end("resource_exhausted", `more than ${limits.namesMax} names`);
        else growUp();
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
    onHandshakeError: (failure) => {
      tally.refusals.set("unauthenticated", (tally.refusals.get("unauthenticated") ?? 0) + 1);
      on.handshakeError(failure);
    },
  }).catch((cause: Error) => {
    if (cause.message.includes("EADDRINUSE")) throw failed("the port is in use; choose another", cause);
    const isTls = "code" in cause && String(cause.code).startsWith("ERR_OSSL");
    throw failed(isTls ? `the credentials are not usable: ${cause.message}` : cause.message, cause);
  });

  /** A third of the shortest time that something keeps, halved for the round itself. */
  function beat(snapshot: Snapshot): void {
    const ms = factsOf(snapshot).ttlMs / 6;
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
      const { fault } = factsOf(snapshot);
      if (fault !== undefined) throw new WireError("snapshot", `of node "${name}": ${fault}`);
      const node = nodeOf(name);
      if (mark !== undefined) progressOf(node).give(mark);
      if (node.set(snapshot) && node.streams.size > 0) convergence.begin(node);
      beat(snapshot);
      // Before it is told of clusters that it has not: what it sends to them counts from the beginning.
      loadStreams?.changed(name);
      pushes.add(node);
      gatherings.changed(name);
    },
    removeNode: (name) => {
      const node = nodes.get(name);
      if (node === undefined) return;
      forget(node);
      const end = (call: Call | undefined): void => call?.end({ code: code.ok, details: "" });
      for (const stream of [...node.streams]) end(calls.get(stream));
      loadStreams?.endNode(name, end);
      logStreams?.endNode(name, end);
    },
    waitForAcks: async (name, timeoutMs) => {
      const gathered = await gatherings.all([name], standingOf, timeoutMs);
      switch (gathered.kind) {
        case "done":
          return { kind: "acked" };
        case "stopped":
          return gathered.stop;
        case "timeout":
          return { kind: "timeout" };
        default:
          return gathered satisfies never;
      }
    },
    waitForConvergence: async (revision, timeoutMs) => {
      const given = [...nodes.values()]
        .filter((node) => progressOf(node).receipt().given === revision)
        .map(({ name }) => name);
      if (given.length === 0) return { kind: "replaced" };
      const gathered = await gatherings.all(given, (name) => standing(name, revision), timeoutMs);
      switch (gathered.kind) {
        case "done":
          return {
            kind: "converged",
            receipts: given.flatMap((name) => nodes.get(name) ?? []).map(receiptOf),
          };
        case "stopped":
          return gathered.stop;
        case "timeout":
          return { kind: "timeout", missing: gathered.pending };
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
      logStreams: logStreams?.count() ?? 0,
      waiting: admission.waiting(),
      quarantined: heldBack([...groups.values()]),
    }),
    rotate: (credentials) => transport.rotate(credentials),
    drain: async (overMs) => {
      transport.drain();
      const open = [...calls.values(), ...(loadStreams?.calls() ?? []), ...(logStreams?.calls() ?? [])];
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
      for (const call of [...calls.values(), ...(loadStreams?.calls() ?? []), ...(logStreams?.calls() ?? [])])
        call.end({ code: code.ok, details: "" });
      await transport.close();
    },
  };
}

/** Whether the client says nothing in its first message of what it has of earlier times. */
function hasNothing(ask: Ask): boolean {
  return ask.form === "delta" ? Object.keys(ask.held).length === 0 : ask.version === "";
}

/** Resources that a group has refused and that are wanted there, by type. */
function heldBack(groups: readonly Group[]): ReadonlyMap<TypeUrl, number> {
  const sizes = new Map<TypeUrl, number>();
  for (const { nodes, quarantine } of groups) {
    if (quarantine.isEmpty()) continue;
    const names = new Map<TypeUrl, Set<string>>();
    const wanted = new Set([...nodes].flatMap((node) => node.wanted() ?? []));
    for (const { typeUrl, resources } of [...wanted].flatMap(quarantine.refusals))
      names.set(typeUrl, new Set([...(names.get(typeUrl) ?? []), ...resources]));
    for (const [type, { size }] of names) sizes.set(type, (sizes.get(type) ?? 0) + size);
  }
  return sizes;
}

interface Facts {
  /** The shortest time that something keeps. */
  readonly ttlMs: number;
  /** Why nobody can be given the snapshot. */
  readonly fault: string | undefined;
}

const facts = new WeakMap<Snapshot, Facts>();

/** Nodes that share a snapshot have it looked at once. */
function factsOf(snapshot: Snapshot): Facts {
  const known = facts.get(snapshot);
  if (known !== undefined) return known;
  let ttlMs = Number.POSITIVE_INFINITY;
  let fault: string | undefined;
  for (const [type, resources] of snapshot)
    for (const [key, resource] of resources) {
      if (resource.ttlMs !== undefined) ttlMs = Math.min(ttlMs, resource.ttlMs);
      if (resource.name !== key) fault ??= `"${resource.name}" is there under the name of "${key}"`;
      if (resource.typeUrl !== type) fault ??= `"${key}" is ${resource.typeUrl} among ${type}`;
    }
  const found = { ttlMs, fault };
  facts.set(snapshot, found);
  return found;
}
