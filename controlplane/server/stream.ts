import { strict as assert } from "node:assert";
import type { Resource, Resources } from "../xds/resource.ts";
import { type TypeUrl, typeUrl } from "../xds/type-url.ts";
import type { Ask } from "./ask.ts";
import { cut } from "./cut.ts";
import { absentDelta, dueDelta, leftOver, subscribeDelta } from "./delta.ts";
import { encode, type Pieces, roomBytes } from "./encode.ts";
import type { DiscoveryMethod, Form } from "./methods.ts";
import type { Refused } from "./quarantine.ts";
import { isAllThere, isSeen, seen } from "./seen.ts";
import {
  createSession,
  dispatch,
  forget,
  hearVerdict,
  knows,
  lookAgain,
  rootTypes,
  type Session,
  unknown,
  type Verdict,
  type World,
  wants,
} from "./session.ts";
import { resourcesOf, type Snapshot } from "./snapshot.ts";
import { dueSotw, isCurrent, letGoSotw, subscribeSotw, versionOf, worldOf } from "./sotw.ts";

/** What is known of one resource at one client: versions. */
export interface ResourceStatus {
  readonly sent?: string;
  readonly acked?: string;
  readonly nacked?: string;
}

export interface StreamOptions {
  readonly method: DiscoveryMethod;
  /** The client's `node.client_features`. */
  readonly features: readonly string[];
  /** Hand a message over; false when the client reads more slowly than it is written to: wait for `drained`. */
  readonly send: (pieces: Pieces) => boolean;
  /** Told of each response. */
  readonly sent: (type: TypeUrl, bytes: number) => void;
  /** Whether the node knows the resources of a type that it has asked for on another stream. */
  readonly knowsElsewhere: (type: TypeUrl) => boolean;
  /** Whether the version of the resource has been refused, so that nobody waits for it. */
  readonly isRefused: (resource: Resource) => boolean;
  /** Responses of one type that the client may leave without an answer: the next waits for one, and says what is the latest then. */
  readonly unansweredMax: number;
  /** Clusters that an earlier stream of the client was sent and did not hear of again. */
  readonly warming: ReadonlySet<string>;
  readonly nowMs: () => number;
}

/** The discovery protocol of one stream, in either form, of one type or of all; without the socket. */
export interface Stream {
  readonly form: Form;
  /** The one type that it is for; undefined where it is for all. */
  readonly only: TypeUrl | undefined;
  /** Replace what the client should hold by `snapshot`, of which `allowed` may be sent. */
  readonly hold: (snapshot: Snapshot, allowed: Snapshot) => void;
  /** The client is to hold something else: what it would not let go of may be another thing then. */
  readonly anew: () => void;
  /** What the client would not let go of, by type and by its own words. */
  readonly kept: () => readonly Refused[];
  /** From here on, send what can be sent; the first time lets the stream in. */
  readonly admit: () => void;
  /** Take a message in; what it says of a response is acted on before anything is sent, which `pump` does. */
  readonly hear: (ask: Ask) => { readonly type: TypeUrl; readonly verdict?: Verdict } | undefined;
  readonly pump: () => void;
  /** The client reads again. */
  readonly drained: () => void;
  /** Tell of what would be forgotten otherwise (xds.md P25). */
  readonly heartbeat: () => void;
  readonly knows: (type: TypeUrl) => boolean;
  readonly asks: (type: TypeUrl) => boolean;
  /** Whether the client wants the resource, or has not said yet what it wants of its type. */
  readonly mayWant: (resource: Resource) => boolean;
  /** Whether the client wants all clusters, and has acknowledged these. */
  readonly hasAll: (clusters: Resources) => boolean;
  /** Whether the client has acknowledged the resource, in this version or in some. */
  readonly has: (type: TypeUrl, name: string, version?: string) => boolean;
  /** Whether the client has acknowledged all of what it should hold, and nothing else is left to tell it. */
  readonly settled: () => boolean;
  /** Whether the client came with nothing and has been sent nothing yet. */
  readonly isNew: () => boolean;
  /** Names in responses that the client has not answered. */
  readonly unansweredNames: (type: TypeUrl) => readonly string[];
  /** Whether something waits for the answer to what was sent longer ago than this. */
  readonly isStalled: (ms: number) => boolean;
  /** Milliseconds until the stream is old enough for what is not sent to a young one; undefined where nothing waits for that. */
  readonly waitsMs: () => number | undefined;
  /** How many names the client has asked for. */
  readonly names: () => number;
  readonly status: () => ReadonlyMap<TypeUrl, ReadonlyMap<string, ResourceStatus>>;
}

/** What a response is to say. */
interface Said {
  readonly resources: readonly Resource[];
  readonly removed?: readonly string[];
  readonly unresolved?: readonly string[];
  readonly missing?: readonly string[];
  /** What the client is to let go of: in the incremental form what is removed. */
  readonly gone?: readonly string[];
}

/** Sent as soon as it is asked for: nothing that it refers to could be missing, or it is what others wait for. */
const leaves: readonly TypeUrl[] = [
  typeUrl.secret,
  typeUrl.runtime,
  typeUrl.cluster,
  typeUrl.endpoints,
  typeUrl.extension,
];
/** What resources of a type lead to, by names that clients repeat when they come back. */
const ledTo: ReadonlyMap<TypeUrl, TypeUrl> = new Map([
  [typeUrl.cluster, typeUrl.endpoints],
  [typeUrl.listener, typeUrl.route],
]);
/**
 * So long after its beginning a client that asks for clusters alone is taken to want no listeners, and one that asks for all listeners
 * and for no clusters to have its clusters from elsewhere.
 */
const youngMs = 5_000;
const removable: readonly TypeUrl[] = [
  typeUrl.listener,
  typeUrl.scopedRoutes,
  typeUrl.virtualHost,
  typeUrl.cluster,
];

export function createStream(options: StreamOptions): Stream {
  const { method, nowMs } = options;
  const types = method.type === undefined ? Object.values(typeUrl) : [method.type];
  const sessions = new Map<TypeUrl, Session>();
  const takesTtl =
    options.features.includes("xds.config.supports-resource-ttl") &&
    (method.form === "delta" || options.features.includes("xds.config.supports-resource-in-sotw"));
  let snapshot: Snapshot | undefined;
  let allowed: Snapshot | undefined;
  let nonce = 0;
  let writable = true;
  let pumping = false;
  let admitted = false;
  let isComplete = method.type === undefined;
  const openedMs = nowMs();

  const sessionOf = (type: TypeUrl): Session => {
    const known = sessions.get(type);
    if (known !== undefined) return known;
    assert(types.includes(type), `no ${type} on this stream`);
    const session = createSession(type, method.form, takesTtl);
    sessions.set(type, session);
    return session;
  };
  const wanted = (type: TypeUrl): Resources => resourcesOf(snapshot ?? new Map(), type);
  const sendable = (type: TypeUrl): Resources => resourcesOf(allowed ?? new Map(), type);

  /** A client without proxies goes from listeners to routes to clusters by name, and holds nothing that it has not asked for. */
  function isTopDown(): boolean {
    const listeners = sessions.get(typeUrl.listener);
    return listeners?.asked === true && !listeners.wildcard;
  }

  /** Whether the client is to have whatever there is of the type. */
  function takesAll(type: TypeUrl): boolean {
    if (!isComplete) return false;
    const session = sessions.get(type);
    switch (type) {
      case typeUrl.endpoints:
        // Clusters are acknowledged only with their endpoints, so those that the client has not asked for are nobody's.
        return false;
      case typeUrl.cluster:
        // One that has all listeners may name its clusters as it needs them, or have others.
        return session?.asked === true ? session.wildcard : !asks(typeUrl.listener) || isYoung();
      case typeUrl.virtualHost:
        // It asks for them before it acknowledges the routes that they belong to, if it is to have any: all, or as requests come.
        return session?.wildcard === true;
      default:
        return true;
    }
  }

  function knowsType(type: TypeUrl): boolean {
    const session = sessions.get(type);
    const resources = wanted(type);
    if (session?.asked !== true) return resources.size === 0 || !takesAll(type);
    return isSeen(session.known, resources) || knows(session, resources, takesAll(type));
  }

  function waitsForAge(): boolean {
    return isComplete && isYoung() && asks(typeUrl.listener) !== asks(typeUrl.cluster);
  }

  /** Whether the client reads, and has answered enough of what it was sent of the type to be sent more. */
  function canSay(session: Session): boolean {
    return writable && session.flying.size < options.unansweredMax;
  }

  function isReady(type: TypeUrl): boolean {
    return knowsType(type) && options.knowsElsewhere(type);
  }

  /**
   * Send what can be sent now. What the client does not read is not noted as sent, and thought of again when it reads: the latest then,
   * and nothing that lies in between.
   */
  function sendAll(): void {
    // Endpoints are right behind the clusters: Envoy acknowledges those only when they are warm, and that takes the endpoints.
    for (const type of leaves) say(type);
    dropUnused();
    const upstream = isReady(typeUrl.cluster) && isReady(typeUrl.endpoints);
    // An answer is owed to the first question, even while the resources wait for their turn.
    if (upstream || wanted(typeUrl.listener).size === 0) say(typeUrl.listener);
    const downstream = upstream && isReady(typeUrl.listener);
    const filters = downstream && isReady(typeUrl.extension);
    if (filters) {
      say(typeUrl.scopedRoutes);
      say(typeUrl.route);
    } else {
      // A route that the client lacks holds its listener up, and that cannot wait for a filter that was refused:
      // the filter's default configuration stands in. A change of routes can wait.
      if (downstream && extensionsAnswered()) say(typeUrl.route, isFirst);
      sayAbsent(typeUrl.route);
    }
    const routes = isReady(typeUrl.route);
    if (routes || wanted(typeUrl.virtualHost).size === 0) say(typeUrl.virtualHost);
    if (filters && routes) remove();
  }

  function isFirst(resource: Resource): boolean {
    return sessions.get(typeUrl.route)?.acked.has(resource.name) !== true;
  }

  function extensionsAnswered(): boolean {
    const session = sessions.get(typeUrl.extension);
    return [...wanted(typeUrl.extension).values()].every(
      (resource) => session?.acked.get(resource.name) === resource.version || options.isRefused(resource),
    );
  }

  function say(type: TypeUrl, only?: (resource: Resource) => boolean): void {
    const session = sessions.get(type);
    if (session?.asked !== true || !canSay(session)) return;
    const resources = sendable(type);
    if (isSeen(session.told, resources)) return;
    if (method.form === "sotw") {
      sayWorld(session, true);
      return;
    }
    const due = dueDelta(session, resources);
    const isWhole = lacksNothingNew(session, resources);
    let isSaid = only === undefined;
    for (const part of parts(type, only === undefined ? due : due.filter(only)))
      if (canSay(session)) respond(session, { resources: part });
      else isSaid = false;
    if (isWhole) {
      if (isSaid) noteTold(session, resources);
      return;
    }
    const someAbsent = sayAbsent(type);
    if (due.length === 0 && !someAbsent) noteTold(session, resources);
  }

  function noteTold(session: Session, resources: Resources): void {
    session.told = seen(resources);
    session.toldAll = wanted(session.type) === resources;
  }

  /** Whether nothing is absent that was not when the client had been told of all of the type. */
  function lacksNothingNew({ type, told, toldAll }: Session, resources: Resources): boolean {
    return toldAll && wanted(type) === resources && isAllThere(told, resources);
  }

  /** `whole` as long as what is to go is not to be let go of yet. */
  function worldNow(session: Session, whole: boolean): Resources {
    const { type } = session;
    return worldOf(session, { sendable: sendable(type), wanted: wanted(type), whole });
  }

  function sayWorld(session: Session, whole: boolean): void {
    const resources = worldNow(session, whole);
    const said = dueSotw(session, { resources, wanted: wanted(session.type) }, isCluster);
    if (said === undefined) {
      if (resources === sendable(session.type)) noteTold(session, resources);
      return;
    }
    const version = versionOf(session, resources);
    if (version === session.refusedWorld) return;
    respond(session, said, { resources, version });
    // A client that takes it for gone is to have it when it is there again, also as it was.
    for (const name of said.missing) forget(session, name);
    for (const name of said.absent) {
      session.absent.add(name);
      session.owed.delete(name);
    }
  }

  /**
   * Tell of what would be forgotten otherwise, as the client has it: what has changed has its turn. With its content, since an Envoy falls
   * over one without, and of some types with all others, since what is not said is gone: what the client has of those is known when it has answered.
   */
  function beatWorld(session: Session): void {
    const isRoot = rootTypes.has(session.type);
    const resources = isRoot ? session.world : sendable(session.type);
    if (resources === undefined || (isRoot && session.flying.size > 0)) return;
    const kept = heartbeats(session, resources, nowMs());
    if (kept.length === 0) return;
    const all = [...resources.values()].filter((resource) => wants(session, resource));
    respond(
      session,
      { resources: isRoot ? all : kept },
      { resources, version: versionOf(session, resources) },
    );
  }

  /** Whether something was said. */
  function sayAbsent(type: TypeUrl): boolean {
    const session = sessions.get(type);
    if (session?.asked !== true || method.form === "sotw") return false;
    let said = false;
    while (canSay(session)) {
      // What is there and held back is not absent.
      const saying = absentDelta(session, wanted(type), isCluster);
      if (saying === undefined) break;
      respond(session, saying);
      said = true;
    }
    return said;
  }

  /** A cluster that the client has never been ready to use is used by nobody, and keeps it from saying that it has the others. */
  function dropUnused(): void {
    const session = sessions.get(typeUrl.cluster);
    if (session === undefined || !writable || method.form === "sotw") return;
    const removed = leftOver(session, wanted(typeUrl.cluster)).filter((name) => !session.acked.has(name));
    if (removed.length > 0) respond(session, { resources: [], removed });
  }

  function remove(): void {
    for (const type of removable) {
      const session = sessions.get(type);
      // A client that comes back says what it holds type by type: until it has, a listener of long ago may lead to a cluster.
      if (type === typeUrl.cluster && isComplete && !asks(typeUrl.listener) && isYoung()) return;
      if (session === undefined) continue;
      const left = leftOver(session, wanted(type)).filter((name) => !session.kept.has(name));
      if (method.form === "sotw") {
        if (session.asked && canSay(session) && left.length > 0) sayWorld(session, false);
      } else
        for (const removed of cut(left, ({ length }) => length))
          if (canSay(session)) respond(session, { resources: [], removed });
      // A cluster goes after the listeners whose routes may lead to it.
      if (session.flying.size > 0) return;
    }
  }

  function asks(type: TypeUrl): boolean {
    return sessions.get(type)?.asked === true;
  }

  /** One that there is, or that the client has of earlier times and may still wait for. */
  function isCluster(name: string): boolean {
    return wanted(typeUrl.cluster).has(name) || sessions.get(typeUrl.cluster)?.sent.has(name) === true;
  }

  function has(type: TypeUrl, name: string, version?: string): boolean {
    const acked = sessions.get(type)?.acked.get(name);
    return acked !== undefined && (version === undefined || acked === version);
  }

  function isYoung(): boolean {
    return nowMs() - openedMs < youngMs;
  }

  function respond(session: Session, said: Said, world?: World): void {
    const { type } = session;
    const { removed = [], unresolved = [], missing = [], gone = removed } = said;
    const resources = takesTtl ? said.resources : said.resources.map(lasting);
    const led = ledTo.get(type);
    if (led !== undefined) noteChanged(session, led, resources);
    const id = `${++nonce}`;
    const all = world !== undefined && rootTypes.has(type) ? { world } : {};
    dispatch(session, id, { resources, removed, gone, ...all }, nowMs());
    writable = send(
      type,
      encode(
        method.form,
        {
          ...{ type, nonce: id, resources, removed, unresolved },
          version: world?.version ?? "",
          missing: missing.map((name) => ({ name, code: notFound, message: "there is no such resource" })),
        },
        takesTtl,
      ),
    );
  }

  function send(type: TypeUrl, pieces: Pieces): boolean {
    options.sent(
      type,
      pieces.reduce((sum, { length }) => sum + length, -roomBytes),
    );
    return options.send(pieces);
  }

  /** What the client has to be told of again for the sake of what it is about to be sent. */
  function noteChanged(session: Session, led: TypeUrl, resources: readonly Resource[]): void {
    for (const { name, version } of resources) {
      if (session.sent.get(name) === version) continue;
      if (session.type === typeUrl.cluster) warmAgain(name);
      if (!asks(led)) session.freshly.add(name);
    }
  }

  /** A changed cluster warms again and needs its endpoints again, changed or not (P22). */
  function warmAgain(cluster: string): void {
    const endpoints = sessions.get(typeUrl.endpoints);
    if (endpoints?.names.has(cluster) !== true) return;
    endpoints.owed.add(cluster);
    lookAgain(endpoints);
  }

  /** Whether what leads to the resource was sent on this stream, so that the client waits for it whatever it has (P14). */
  function warms(type: TypeUrl, name: string): boolean {
    switch (type) {
      case typeUrl.endpoints:
        return sessions.get(typeUrl.cluster)?.freshly.has(name) === true || options.warming.has(name);
      // Which listener leads to which routes is for the client to read.
      case typeUrl.route:
        return (sessions.get(typeUrl.listener)?.freshly.size ?? 0) > 0;
      default:
        return false;
    }
  }

  function pump(): void {
    // Sending may come back here by way of a socket that fails.
    if (snapshot === undefined || pumping || !admitted) return;
    pumping = true;
    sendAll();
    pumping = false;
  }

  return {
    form: method.form,
    only: method.type,
    hold: (next, nextAllowed) => {
      snapshot = next;
      allowed = nextAllowed;
    },
    anew: () => {
      for (const { kept } of sessions.values()) kept.clear();
    },
    kept: () =>
      [...sessions.values()]
        .filter(({ kept }) => kept.size > 0)
        .flatMap(({ type, kept }) =>
          [...new Set(kept.values())].map((message) => ({
            ...{ typeUrl: type, message },
            resources: [...kept.keys()].filter((name) => kept.get(name) === message),
          })),
        ),
    admit: () => {
      admitted = true;
      pump();
    },
    hear: (ask) => {
      const type = types.find((known) => known === (method.type ?? ask.typeUrl));
      // A type that is not served: the client may ask, and waits.
      if (type === undefined) return undefined;
      const session = sessionOf(type);
      const current = ask.form === "delta" || isCurrent(session, ask);
      // Late as it is, it says what became of what was sent then.
      const verdict = ask.nonce === "" ? undefined : hearVerdict(session, ask);
      if (ask.form === "delta") subscribeDelta(session, ask, (name) => warms(type, name));
      else if (current) subscribeSotw(session, ask, allowed?.get(type) ?? (snapshot && new Map()));
      else letGoSotw(session, ask);
      const wasComplete = isComplete;
      isComplete = method.type === undefined && !isTopDown();
      // It may want more of what it has acknowledged all of.
      if (isComplete !== wasComplete) for (const each of sessions.values()) lookAgain(each);
      return { type, ...(verdict === undefined ? {} : { verdict }) };
    },
    pump,
    drained: () => {
      writable = true;
      pump();
    },
    heartbeat: () => {
      for (const session of takesTtl ? sessions.values() : []) {
        if (!canSay(session)) continue;
        if (method.form === "sotw") {
          beatWorld(session);
          continue;
        }
        const kept = heartbeats(session, sendable(session.type), nowMs());
        if (kept.length === 0) continue;
        session.lastNonce = `${++nonce}`;
        session.flying.set(session.lastNonce, {
          ...{ resources: [], gone: new Map(), withdrawn: new Set() },
          sinceMs: nowMs(),
        });
        writable = send(
          session.type,
          encode(
            method.form,
            {
              ...{ type: session.type, nonce: session.lastNonce, resources: [], kept },
              ...{ removed: [], unresolved: [], missing: [], version: "" },
            },
            true,
          ),
        );
      }
    },
    knows: knowsType,
    asks,
    mayWant: (resource) => {
      const session = sessions.get(resource.typeUrl);
      return types.includes(resource.typeUrl) && (session?.asked !== true || wants(session, resource));
    },
    hasAll: (clusters) => {
      const session = sessions.get(typeUrl.cluster);
      return session?.wildcard === true && knows(session, clusters, true);
    },
    has,
    settled: () =>
      snapshot !== undefined &&
      types.every(knowsType) &&
      [...sessions.values()].every(
        (session) => session.flying.size === 0 && leftOver(session, wanted(session.type)).length === 0,
      ),
    isNew: () => [...sessions.values()].every(({ sent }) => sent.size === 0),
    unansweredNames: (type) =>
      [...(sessions.get(type)?.flying.values() ?? [])].flatMap(({ resources }) =>
        resources.map(({ name }) => name),
      ),
    isStalled: (ms) => {
      for (const { flying } of sessions.values()) {
        if (flying.size < options.unansweredMax) continue;
        const [first] = flying.values();
        if (first !== undefined && nowMs() - first.sinceMs > ms) return true;
      }
      return false;
    },
    waitsMs: () => (waitsForAge() ? youngMs - (nowMs() - openedMs) : undefined),
    names: () => [...sessions.values()].reduce((sum, { names }) => sum + names.size, 0),
    status: () => new Map([...sessions].map(([type, session]) => [type, statusOf(session)])),
  };
}

/** gRPC's code. */
const notFound = 5;

/** A third of its time after a client last heard of a resource, it hears again: of the version that it has. */
function heartbeats(session: Session, resources: Resources, nowMs: number): readonly Resource[] {
  return [...session.ttlsMs].flatMap(([name, ttlMs]) => {
    const resource = resources.get(name);
    const heardMs = session.heardMs.get(name) ?? 0;
    if (resource === undefined || nowMs - heardMs < ttlMs / 3) return [];
    // A virtual host is not kept by its name alone (P19).
    if (session.type === typeUrl.virtualHost || !wants(session, resource)) return [];
    const version = session.sent.get(name) ?? unknown;
    const isThere = version === resource.version;
    // What has been refused is said anew. Where the content belongs to it, that of another is none.
    if (version === unknown || (session.form === "sotw" && !isThere)) return [];
    session.heardMs.set(name, nowMs);
    return [isThere ? resource : { ...resource, version, ttlMs }];
  });
}

const lastings = new WeakMap<Resource, Resource>();

/** The resource for a client that knows nothing of times. */
function lasting(resource: Resource): Resource {
  if (resource.ttlMs === undefined) return resource;
  const { ttlMs: _, ...rest } = resource;
  const known = lastings.get(resource) ?? rest;
  lastings.set(resource, known);
  return known;
}

function statusOf({ sent, acked }: Session): ReadonlyMap<string, ResourceStatus> {
  return new Map(
    [...new Set([...sent.keys(), ...acked.keys()])].sort().map((name) => {
      const [sentVersion = unknown, ackedVersion] = [sent.get(name), acked.get(name)];
      return [
        name,
        {
          ...(sentVersion === unknown ? {} : { sent: sentVersion }),
          ...(ackedVersion === undefined ? {} : { acked: ackedVersion }),
        },
      ];
    }),
  );
}

/** Filters go one to a response, so that a refusal names its filter; the others together, up to the size that proxies take. */
function parts(type: TypeUrl, entries: readonly Resource[]): Iterable<readonly Resource[]> {
  return type === typeUrl.extension
    ? entries.map((entry) => [entry])
    : cut(entries, ({ bytes }) => bytes.length);
}
