import { strict as assert } from "node:assert";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryResponseSchema,
} from "../xds/generated/envoy/service/discovery/v3/discovery_pb.ts";
import type { Resource, Resources } from "../xds/resource.ts";
import { type ProxySnapshot, resourcesOf } from "../xds/snapshot.ts";
import { type TypeUrl, typeUrl } from "../xds/type-url.ts";

/** A proxy refused resources; it keeps what it had. */
export interface Nack {
  readonly node: string;
  readonly typeUrl: TypeUrl;
  /** Names of the resources at fault, as far as the proxy's message tells them from others sent with them. */
  readonly resources: readonly string[];
  /** The proxy's own words. */
  readonly message: string;
}

/** What is known of one resource on one proxy: versions. */
export interface ResourceStatus {
  readonly sent?: string;
  readonly acked?: string;
  readonly nacked?: string;
}

export interface DeltaStreamOptions {
  readonly node: string;
  /** Versions by type and name that the proxy has refused. Outlives the stream: the same bytes are never sent again. */
  readonly refused: Map<string, string>;
  readonly send: (response: Uint8Array) => void;
  readonly onAck: (typeUrl: TypeUrl, resources: readonly string[]) => void;
  readonly onNack: (nack: Nack) => void;
}

/** The delta protocol of one stream, without the socket. */
export interface DeltaStream {
  /** Replace what the proxy should hold, and send what can be sent. */
  readonly serve: (snapshot: ProxySnapshot) => void;
  readonly receive: (request: DeltaDiscoveryRequest) => void;
  /** Whether the proxy has acknowledged all of what it should hold, and nothing else is left to tell it. */
  readonly settled: () => boolean;
  readonly status: () => ReadonlyMap<TypeUrl, ReadonlyMap<string, ResourceStatus>>;
}

interface TypeState {
  /** False until the proxy has asked for this type. */
  asked: boolean;
  wildcard: boolean;
  readonly subscribed: Set<string>;
  /** What the proxy has been sent or says it holds; absent: unknown. */
  readonly sent: Map<string, string>;
  readonly acked: Map<string, string>;
  /** Names to answer even when nothing changed (xds.md P12, P14, P16). */
  readonly owed: Set<string>;
  answerEmpty: boolean;
  /** Names that were reported absent. */
  readonly absent: Set<string>;
  readonly flying: Map<string, Flight>;
}

interface Flight {
  readonly versions: ReadonlyMap<string, string>;
  readonly removed: readonly string[];
}

const types: readonly TypeUrl[] = [
  typeUrl.cluster,
  typeUrl.endpoints,
  typeUrl.listener,
  typeUrl.extension,
  typeUrl.route,
];
/** Types of which removal is said; the others go when their parent lets them go (xds.md P17). */
const roots: readonly TypeUrl[] = [typeUrl.listener, typeUrl.cluster];
const responseBytesMax = 1 << 20;

export function deltaStream(options: DeltaStreamOptions): DeltaStream {
  const states = new Map<TypeUrl, TypeState>(types.map((type) => [type, emptyState()]));
  let snapshot: ProxySnapshot | undefined;
  let nonce = 0;

  const stateOf = (type: TypeUrl): TypeState => {
    const state = states.get(type);
    assert(state !== undefined, `no state for ${type}`);
    return state;
  };
  const isRefused = (entry: Resource): boolean =>
    options.refused.get(refusalKey(entry.typeUrl, entry.name)) === entry.version;
  const isAcked = (entry: Resource): boolean =>
    stateOf(entry.typeUrl).acked.get(entry.name) === entry.version;

  /** What should be sent of a type now, were it not for the order of types. */
  function due(type: TypeUrl, wanted: Resources): readonly Resource[] {
    const state = stateOf(type);
    if (!state.asked) return [];
    return [...wanted.values()].filter((entry) => {
      if (!state.wildcard && !state.subscribed.has(entry.name) && !state.owed.has(entry.name)) return false;
      if (isRefused(entry)) return false;
      return state.owed.has(entry.name) || state.sent.get(entry.name) !== entry.version;
    });
  }

  function push(type: TypeUrl, entries: readonly Resource[], removed: readonly string[]): void {
    const state = stateOf(type);
    const name = `${++nonce}`;
    state.flying.set(name, {
      versions: new Map(entries.map((entry) => [entry.name, entry.version])),
      removed,
    });
    for (const entry of entries) {
      state.sent.set(entry.name, entry.version);
      state.owed.delete(entry.name);
      state.absent.delete(entry.name);
      if (type === typeUrl.cluster) warmAgain(entry.name);
    }
    for (const gone of removed) {
      state.sent.delete(gone);
      state.acked.delete(gone);
      state.owed.delete(gone);
    }
    state.answerEmpty = false;
    options.send(
      toBinary(
        DeltaDiscoveryResponseSchema,
        create(DeltaDiscoveryResponseSchema, {
          typeUrl: type,
          nonce: name,
          resources: entries.map((entry) => ({
            name: entry.name,
            version: entry.version,
            resource: { typeUrl: type, value: entry.bytes },
          })),
          removedResources: [...removed],
        }),
      ),
    );
  }

  /** A changed cluster warms again and needs its endpoints again, changed or not (P22). */
  function warmAgain(cluster: string): void {
    const endpoints = stateOf(typeUrl.endpoints);
    if (!endpoints.subscribed.has(cluster)) return;
    endpoints.owed.add(cluster);
    endpoints.acked.delete(cluster);
  }

  function upsert(type: TypeUrl, wanted: Resources): void {
    for (const part of parts(type, due(type, wanted))) push(type, part, []);
  }

  /** Says once that a name is not there, and answers a first request that nothing answers (xds.md P12, P15). */
  function sayAbsent(type: TypeUrl, wanted: Resources): void {
    const state = stateOf(type);
    // A filter in use that is told its configuration is gone answers 500 at once: for these, silence.
    const unknown =
      type === typeUrl.extension
        ? []
        : [...state.subscribed, ...state.owed].filter(
            (name) =>
              !wanted.has(name) && !state.absent.has(name) && (state.owed.has(name) || !state.sent.has(name)),
          );
    const names = [...new Set(unknown)];
    for (const name of names) state.absent.add(name);
    if (names.length > 0) push(type, [], names);
    else if (state.asked && state.answerEmpty) push(type, [], []);
  }

  /** Send whatever the order allows: clusters, endpoints, listeners, filters, routes, each known before what refers to it. */
  function pump(): void {
    if (snapshot === undefined) return;
    const { clusters, endpoints, listeners, extensions, routes } = snapshot;
    upsert(typeUrl.cluster, clusters);
    sayAbsent(typeUrl.cluster, clusters);
    // Right behind the clusters: Envoy acknowledges those only when they are warm, and that takes the endpoints.
    upsert(typeUrl.endpoints, endpoints);
    sayAbsent(typeUrl.endpoints, endpoints);
    upsert(typeUrl.extension, extensions);
    const upstreamKnown = allKnown(clusters) && allKnown(endpoints);
    if (upstreamKnown) upsert(typeUrl.listener, listeners);
    // An answer is owed to the first question, even while the resources wait for their turn.
    if (listeners.size === 0 || upstreamKnown) sayAbsent(typeUrl.listener, listeners);
    if (upstreamKnown && allKnown(listeners)) {
      const filtersKnown = allKnown(extensions);
      upsert(
        typeUrl.route,
        // A route that the proxy lacks holds its listener up, and that cannot wait for a filter that was refused:
        // the filter's default configuration stands in. A change of routes can wait.
        filtersKnown
          ? routes
          : new Map([...routes].filter(([name]) => firstRoute(name) && filtersAnswered(extensions))),
      );
    }
    sayAbsent(typeUrl.route, routes);
    if (upstreamKnown && allKnown(listeners) && allKnown(extensions) && allKnown(routes)) remove();
  }

  function firstRoute(name: string): boolean {
    return !stateOf(typeUrl.route).acked.has(name);
  }

  function filtersAnswered(extensions: Resources): boolean {
    return [...extensions.values()].every((entry) => isAcked(entry) || isRefused(entry));
  }

  function allKnown(wanted: Resources): boolean {
    return [...wanted.values()].every(isAcked);
  }

  function remove(): void {
    for (const type of roots) {
      const gone = leftOver(type);
      if (gone.length > 0) push(type, [], gone);
      // A cluster goes after the listeners whose routes may lead to it.
      if (stateOf(type).flying.size > 0) return;
    }
  }

  function leftOver(type: TypeUrl): readonly string[] {
    return [...stateOf(type).sent.keys()].filter((name) => !wantedOf(type).has(name));
  }

  function wantedOf(type: TypeUrl): Resources {
    assert(snapshot !== undefined, "nothing is served yet");
    return resourcesOf(snapshot, type);
  }

  function subscribe(state: TypeState, type: TypeUrl, request: DeltaDiscoveryRequest): void {
    const first = !state.asked;
    state.asked = true;
    if (first) {
      for (const [name, version] of Object.entries(request.initialResourceVersions)) {
        state.sent.set(name, version);
        state.acked.set(name, version);
      }
      // No names at all is the older way to say "*" (xds.md P11).
      state.wildcard = request.resourceNamesSubscribe.length === 0 && roots.includes(type);
      state.answerEmpty = state.wildcard && state.sent.size === 0;
    }
    for (const name of request.resourceNamesSubscribe) {
      if (name === "*") {
        state.answerEmpty ||= !state.wildcard && state.sent.size === 0;
        state.wildcard = true;
        continue;
      }
      state.subscribed.add(name);
      state.absent.delete(name);
      // A name asked for is answered, known or not; only a reconnecting proxy repeats all that it holds (P14).
      if (!(first && state.sent.has(name))) state.owed.add(name);
    }
    for (const name of request.resourceNamesUnsubscribe) {
      if (name === "*") state.wildcard = false;
      else if (state.subscribed.delete(name)) {
        if (state.wildcard) state.owed.add(name);
        else for (const known of [state.sent, state.acked, state.owed, state.absent]) known.delete(name);
      }
    }
  }

  function answered(state: TypeState, type: TypeUrl, request: DeltaDiscoveryRequest): void {
    const flight = state.flying.get(request.responseNonce);
    if (flight === undefined) return;
    state.flying.delete(request.responseNonce);
    if (request.errorDetail === undefined) accept(state, type, flight);
    else refuse(state, type, flight, request.errorDetail.message);
  }

  function accept(state: TypeState, type: TypeUrl, flight: Flight): void {
    for (const [name, version] of flight.versions) {
      // Unsubscribed since, or removed: there is nothing to remember.
      if (!state.sent.has(name)) continue;
      state.acked.set(name, version);
      options.refused.delete(refusalKey(type, name));
    }
    options.onAck(type, [...flight.versions.keys()]);
  }

  function refuse(state: TypeState, type: TypeUrl, flight: Flight, message: string): void {
    const names = [...flight.versions.keys()];
    const named = names.filter((name) => mentions(message, name));
    const atFault = named.length > 0 ? named : names;
    for (const name of names) {
      // The proxy may hold the old one, or a part of the new: unknown, so whatever comes next is sent (P18).
      // A newer one may be on its way already; that one has its own answer.
      if (state.sent.get(name) === flight.versions.get(name)) state.sent.delete(name);
      state.acked.delete(name);
    }
    for (const name of atFault) {
      const version = flight.versions.get(name);
      if (version !== undefined) options.refused.set(refusalKey(type, name), version);
    }
    options.onNack({ node: options.node, typeUrl: type, resources: atFault, message });
  }

  return {
    serve: (next) => {
      snapshot = next;
      pump();
    },
    receive: (request) => {
      const type = types.find((known) => known === request.typeUrl);
      // A type that we never serve: the proxy may ask, and waits.
      if (type === undefined) return;
      const state = stateOf(type);
      // The answer first; a subscription counts whatever the nonce says (P3).
      if (request.responseNonce !== "") answered(state, type, request);
      subscribe(state, type, request);
      pump();
    },
    settled: () =>
      snapshot !== undefined &&
      types.every((type) => allKnown(wantedOf(type)) && stateOf(type).flying.size === 0) &&
      roots.every((type) => leftOver(type).length === 0),
    status: () => new Map(types.map((type) => [type, statusOf(type, stateOf(type), options.refused)])),
  };
}

function statusOf(
  type: TypeUrl,
  state: TypeState,
  refused: ReadonlyMap<string, string>,
): ReadonlyMap<string, ResourceStatus> {
  const prefix = refusalKey(type, "");
  const refusedNames = [...refused.keys()]
    .filter((each) => each.startsWith(prefix))
    .map((each) => each.slice(prefix.length));
  const names = [...new Set([...state.sent.keys(), ...state.acked.keys(), ...refusedNames])].sort();
  return new Map(
    names.map((name) => {
      const sent = state.sent.get(name);
      const acked = state.acked.get(name);
      const nacked = refused.get(refusalKey(type, name));
      return [
        name,
        {
          ...(sent === undefined ? {} : { sent }),
          ...(acked === undefined ? {} : { acked }),
          ...(nacked === undefined ? {} : { nacked }),
        },
      ];
    }),
  );
}

function emptyState(): TypeState {
  return {
    asked: false,
    wildcard: false,
    subscribed: new Set(),
    sent: new Map(),
    acked: new Map(),
    owed: new Set(),
    answerEmpty: false,
    absent: new Set(),
    flying: new Map(),
  };
}

/** How `DeltaStreamOptions.refused` is keyed. */
export function refusalKey(type: TypeUrl, name: string): string {
  return `${type} ${name}`;
}

/** Whether the message has the name as a word of its own, not as a part of a longer name. */
function mentions(message: string, name: string): boolean {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(^|[^\\w|/@-])${escaped}($|[^\\w|/@-])`).test(message);
}

/** Filters go one to a response, so that a refusal names its filter; the others together, up to the size that proxies take. */
function parts(type: TypeUrl, entries: readonly Resource[]): readonly (readonly Resource[])[] {
  const result: Resource[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    if (type === typeUrl.extension || bytes + entry.bytes.length > responseBytesMax) {
      result.push([]);
      bytes = 0;
    }
    result.at(-1)?.push(entry);
    bytes += entry.bytes.length;
  }
  return result;
}
