import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
} from "../xds/generated/envoy/service/discovery/v3/discovery_pb.ts";
import type { Resource } from "../xds/resource.ts";
import { type TypeUrl, typeUrl } from "../xds/type-url.ts";
import { roomBytes } from "./encode.ts";
import { type DiscoveryMethod, deltaAggregated } from "./methods.ts";
import type { Call, CallEnd, StartTransport } from "./transport.ts";

/** What the simulated proxy reads in a resource. */
export interface Content {
  /** Of a listener: its routes. */
  readonly routes?: string;
  /** Of a listener: filters that are discovered; of routes: those that they switch on. */
  readonly filters?: readonly string[];
  /** Of routes. */
  readonly clusters?: readonly string[];
  /** Of a listener: its filters have a default configuration, so that it does not wait for theirs. */
  readonly hasDefaults?: boolean;
  /** The proxy refuses it, always. */
  readonly bad?: boolean;
}

/** What the server makes by itself, as that a cluster has no endpoints, is not for the simulation to read. */
export function jsonContent(_: TypeUrl, bytes: Uint8Array): Content {
  return bytes[0] !== "{".charCodeAt(0) ? {} : JSON.parse(new TextDecoder().decode(bytes));
}

/** Calls without sockets: what is sent lies there until it is delivered. */
export function createMemoryTransport(): {
  readonly start: StartTransport;
  /** Of the incremental form for all types, unless it is said otherwise. */
  readonly open: (method?: DiscoveryMethod) => MemoryCall;
} {
  let accept: ((call: Call) => CallEnd) | undefined;
  return {
    start: async (options) => {
      accept = options.accept;
      return { port: 0, rotate: () => {}, drain: () => {}, close: async () => {} };
    },
    open: (method = deltaAggregated) => {
      if (accept === undefined) throw new Error("the server has not started");
      const waiting: Uint8Array[] = [];
      let over = false;
      const end: CallEnd = accept({
        method,
        peer: { address: "memory", identities: [] },
        send: (pieces) => {
          waiting.push(Buffer.concat(pieces).subarray(roomBytes));
          return true;
        },
        end: () => {
          over = true;
          end.ended();
        },
      });
      return { waiting, say: end.message, hangUp: end.ended, isOver: () => over };
    },
  };
}

export interface MemoryCall {
  readonly waiting: Uint8Array[];
  readonly say: (bytes: Uint8Array) => void;
  readonly hangUp: () => void;
  /** The server has ended it. */
  readonly isOver: () => boolean;
}

interface Held<C> {
  readonly version: string;
  readonly content: C;
}

/** One listener: the one that takes connections, and the one that will, once it has all of its own. */
interface Listener<C> {
  active: Held<C> | undefined;
  warming: Held<C> | undefined;
}

export interface SimulatedEnvoy<C> {
  /** Responses that have arrived and are not looked at, or the end of the stream. */
  readonly waiting: () => number;
  /** Look at the next response, and answer it as Envoy would. */
  readonly deliver: () => void;
  /** The stream breaks, what was on its way is lost, and another begins. */
  readonly reconnect: () => void;
  /** The stream breaks, and none begins before it reconnects; requests go on. */
  readonly leave: () => void;
  readonly isAway: () => boolean;
  /** What a request would run into now. */
  readonly faults: () => readonly string[];
  readonly held: (type: TypeUrl) => ReadonlyMap<string, string>;
  /** The listeners that take connections now. */
  readonly listeners: () => readonly C[];
  /** What is in force under a name. */
  readonly content: (type: TypeUrl, name: string) => C | undefined;
  /** The process ends. */
  readonly stop: () => void;
}

/**
 * Applies what comes in the order in which it comes, and warms as Envoy does: a cluster takes requests once it has its endpoints, and the
 * answer to clusters waits for that; a listener does once it has routes and filters, and the one before goes on until then. Of clusters and
 * listeners that are refused the good ones are taken all the same (xds.md P18).
 */
export function createSimulatedEnvoy<C extends Content>(options: {
  readonly node: string;
  readonly open: () => MemoryCall;
  readonly read: (type: TypeUrl, bytes: Uint8Array) => C;
  /** Whether a refusal says which of several resources is at fault. */
  readonly names: () => boolean;
}): SimulatedEnvoy<C> {
  let call = options.open();
  let isAway = false;
  const known = new Map<TypeUrl, Map<string, Held<C>>>(
    Object.values(typeUrl).map((type) => [type, new Map()]),
  );
  const asked = new Map<TypeUrl, Set<string>>(
    [typeUrl.endpoints, typeUrl.route, typeUrl.extension].map((type) => [type, new Set()]),
  );
  const cold = new Set<string>();
  const active = new Set<string>();
  const listeners = new Map<string, Listener<C>>();
  let clustersAnswer: (() => void) | undefined;

  const of = (type: TypeUrl): Map<string, Held<C>> => known.get(type) ?? new Map();
  const namesOf = (type: TypeUrl): Set<string> => asked.get(type) ?? new Set();

  function say(request: Parameters<typeof create<typeof DeltaDiscoveryRequestSchema>>[1]): void {
    call.say(toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, request)));
  }

  function begin(): void {
    const ask = (type: TypeUrl, names: Iterable<string>, first = false): void =>
      say({
        ...(first ? { node: { id: options.node } } : {}),
        typeUrl: type,
        resourceNamesSubscribe: [...names],
        initialResourceVersions: Object.fromEntries(
          [...of(type)].map(([name, { version }]) => [name, version]),
        ),
      });
    ask(typeUrl.cluster, [], true);
    if (namesOf(typeUrl.endpoints).size > 0) ask(typeUrl.endpoints, namesOf(typeUrl.endpoints));
    ask(typeUrl.listener, []);
    for (const type of [typeUrl.extension, typeUrl.route])
      if (namesOf(type).size > 0) ask(type, namesOf(type));
  }

  function want(type: TypeUrl, now: ReadonlySet<string>): void {
    const before = namesOf(type);
    const [more, less] = [
      [...now].filter((name) => !before.has(name)),
      [...before].filter((name) => !now.has(name)),
    ];
    if (more.length + less.length === 0) return;
    asked.set(type, new Set(now));
    for (const name of less) of(type).delete(name);
    say({ typeUrl: type, resourceNamesSubscribe: more, resourceNamesUnsubscribe: less });
  }

  function takeClusters(good: readonly (readonly [string, Held<C>])[], gone: readonly string[]): void {
    for (const [name, held] of good) {
      if (of(typeUrl.cluster).get(name)?.version === held.version) continue;
      of(typeUrl.cluster).set(name, held);
      cold.add(name);
    }
    for (const name of gone) {
      of(typeUrl.cluster).delete(name);
      active.delete(name);
      cold.delete(name);
    }
    want(typeUrl.endpoints, new Set(of(typeUrl.cluster).keys()));
  }

  function takeListeners(good: readonly (readonly [string, Held<C>])[], gone: readonly string[]): void {
    for (const [name, held] of good) {
      of(typeUrl.listener).set(name, held);
      const listener = listeners.get(name) ?? { active: undefined, warming: undefined };
      listener.warming = held;
      listeners.set(name, listener);
    }
    for (const name of gone) {
      of(typeUrl.listener).delete(name);
      listeners.delete(name);
    }
    const all = [...listeners.values()]
      .flatMap((each) => [each.active, each.warming])
      .filter((each) => each !== undefined);
    want(typeUrl.extension, new Set(all.flatMap(({ content }) => content.filters ?? [])));
    want(typeUrl.route, new Set(all.flatMap(({ content }) => content.routes ?? [])));
    warm();
  }

  function warm(): void {
    for (const listener of listeners.values()) {
      const { warming } = listener;
      if (warming === undefined || !of(typeUrl.route).has(warming.content.routes ?? "")) continue;
      const awaited = warming.content.hasDefaults === true ? [] : (warming.content.filters ?? []);
      if (!awaited.every((name) => of(typeUrl.extension).has(name))) continue;
      listener.active = warming;
      listener.warming = undefined;
    }
  }

  function answerClusters(): void {
    if (cold.size > 0) return;
    const answer = clustersAnswer;
    clustersAnswer = undefined;
    answer?.();
  }

  function take(response: DeltaDiscoveryResponse): void {
    const type = response.typeUrl as TypeUrl;
    const entries = response.resources.map(
      ({ name, version, resource }) =>
        [name, { version, content: options.read(type, resource?.value ?? new Uint8Array()) }] as const,
    );
    const bad = entries.filter(([, { content }]) => content.bad === true).map(([name]) => name);
    // Roots are taken as far as they are good, of the others nothing is.
    const isRoot = type === typeUrl.cluster || type === typeUrl.listener;
    const good = bad.length === 0 || isRoot ? entries.filter(([name]) => !bad.includes(name)) : [];
    const gone = isRoot ? response.removedResources : [];
    const answer = (): void =>
      say({
        ...{ typeUrl: type, responseNonce: response.nonce },
        ...(bad.length === 0
          ? {}
          : { errorDetail: { code: 13, message: options.names() ? `${bad.join(", ")}: bad` : "bad" } }),
      });
    switch (type) {
      case typeUrl.cluster: {
        takeClusters(good, gone);
        const before = clustersAnswer;
        clustersAnswer = () => {
          before?.();
          answer();
        };
        answerClusters();
        return;
      }
      case typeUrl.listener:
        takeListeners(good, gone);
        break;
      default:
        for (const [name, held] of good) if (namesOf(type).has(name)) of(type).set(name, held);
        if (type === typeUrl.endpoints)
          for (const [name] of good) {
            cold.delete(name);
            if (of(typeUrl.cluster).has(name)) active.add(name);
          }
        warm();
    }
    answer();
    answerClusters();
  }

  function reconnect(): void {
    call.hangUp();
    isAway = false;
    call = options.open();
    clustersAnswer = undefined;
    begin();
  }

  begin();
  return {
    waiting: () => {
      if (isAway) return 0;
      return call.isOver() ? 1 : call.waiting.length;
    },
    deliver: () => {
      if (isAway) return;
      if (call.isOver()) return reconnect();
      const bytes = call.waiting.shift();
      if (bytes !== undefined) take(fromBinary(DeltaDiscoveryResponseSchema, bytes));
    },
    reconnect,
    isAway: () => isAway,
    leave: () => {
      isAway = true;
      call.hangUp();
    },
    faults: () =>
      [...listeners].flatMap(([name, { active: listener }]) => {
        if (listener === undefined) return [];
        const routes = of(typeUrl.route).get(listener.content.routes ?? "");
        if (routes === undefined) return [`${name} has no routes`];
        return [
          ...(routes.content.clusters ?? [])
            .filter((cluster) => !active.has(cluster))
            .map((cluster) => `${name} leads to ${cluster}, which is not there`),
          ...(routes.content.filters ?? [])
            .filter((filter) => {
              const isThere = listener.content.hasDefaults === true || of(typeUrl.extension).has(filter);
              return !isThere || !(listener.content.filters ?? []).includes(filter);
            })
            .map((filter) => `${name} switches ${filter} on, which is not there`),
        ];
      }),
    listeners: () => [...listeners.values()].flatMap(({ active: listener }) => listener?.content ?? []),
    content: (type, name) => of(type).get(name)?.content,
    stop: () => call.hangUp(),
    held: (type) => new Map([...of(type)].map(([name, { version }]) => [name, version])),
  };
}

/** A resource that the simulated proxy can read. */
export function simulatedResource(type: TypeUrl, name: string, version: string, content: Content): Resource {
  // In the state of the world nothing else says what it is.
  const written = JSON.stringify({ name, version, ...content });
  return { name, typeUrl: type, version, bytes: new TextEncoder().encode(written) };
}
