import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { ClusterLoadAssignmentSchema } from "../xds/generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import {
  DiscoveryRequestSchema,
  DiscoveryResponseSchema,
} from "../xds/generated/envoy/service/discovery/v3/discovery_pb.ts";
import { type TypeUrl, typeUrl } from "../xds/type-url.ts";
import { type DiscoveryMethod, methods } from "./methods.ts";
import type { Content, MemoryCall } from "./simulated-envoy.test-helper.ts";

/** All types on one stream, each time what is to be. */
const aggregated = [...methods.values()].find((method): method is DiscoveryMethod =>
  method.path.endsWith("/StreamAggregatedResources"),
);

type Named = Content & { readonly name: string; readonly version: string };

/** What a resource of a response is; what the server makes by itself has no version of ours. */
export function namedContent(type: TypeUrl, bytes: Uint8Array): Named {
  if (bytes[0] === "{".charCodeAt(0)) return JSON.parse(new TextDecoder().decode(bytes));
  const name = type === typeUrl.endpoints ? fromBinary(ClusterLoadAssignmentSchema, bytes).clusterName : "";
  return { name, version: "" };
}

export interface SimulatedSotw {
  /** Of the stream that there is. */
  readonly call: () => MemoryCall;
  /** Look at the next response and answer it. */
  readonly deliver: () => void;
  readonly reconnect: () => void;
  readonly held: (type: TypeUrl) => ReadonlyMap<string, string>;
  /** Whether it has what the server of this stream does not know of. */
  readonly isStrange: (type: TypeUrl) => boolean;
  /** Routes of listeners that lead nowhere, but for those of a stream before, of which its server did not know. */
  readonly faults: () => readonly string[];
}

/** Takes the state of the world as it comes, asks for what it leads to by name, for secrets by their collection, and answers each response. */
export function createSimulatedSotw(options: {
  readonly node: string;
  readonly open: (method?: DiscoveryMethod) => MemoryCall;
  /** Whether it refuses what is bad. */
  readonly isPicky: boolean;
  /** Whether its refusals name what is bad. */
  readonly names: () => boolean;
}): SimulatedSotw {
  let call = options.open(aggregated);
  const held = new Map<TypeUrl, Map<string, Named>>(Object.values(typeUrl).map((type) => [type, new Map()]));
  const names = new Map<TypeUrl, readonly string[]>();
  const strange = new Set<TypeUrl>();
  let isBack = true;
  let last = new Map<TypeUrl, { readonly nonce: string; readonly version: string }>();

  const of = (type: TypeUrl): Map<string, Named> => held.get(type) ?? new Map();

  function ask(type: TypeUrl, error?: string): void {
    const { nonce = "", version = "" } = last.get(type) ?? {};
    call.say(
      toBinary(
        DiscoveryRequestSchema,
        create(DiscoveryRequestSchema, {
          ...{ node: { id: options.node }, typeUrl: type, responseNonce: nonce, versionInfo: version },
          resourceNames: [...(names.get(type) ?? [])],
          ...(error === undefined ? {} : { errorDetail: { code: 13, message: error } }),
        }),
      ),
    );
  }

  function want(type: TypeUrl, wanted: ReadonlySet<string>): void {
    const before = names.get(type) ?? [];
    if (before.length === wanted.size && before.every((name) => wanted.has(name))) return;
    names.set(type, [...wanted].sort());
    for (const name of of(type).keys()) if (!wanted.has(name)) of(type).delete(name);
    ask(type);
  }

  function begin(): void {
    for (const type of [typeUrl.cluster, typeUrl.listener])
      if ((last.get(type)?.version ?? "") !== "") strange.add(type);
    for (const type of [typeUrl.cluster, typeUrl.listener]) ask(type);
    names.set(typeUrl.secret, ["eu/*"]);
    for (const type of [typeUrl.secret, typeUrl.endpoints, typeUrl.extension, typeUrl.route])
      if ((names.get(type) ?? []).length > 0) ask(type);
  }

  function take(bytes: Uint8Array): void {
    const response = fromBinary(DiscoveryResponseSchema, bytes);
    const type = response.typeUrl as TypeUrl;
    const entries = response.resources.map(({ value }) => namedContent(type, value));
    const bad = options.isPicky ? entries.filter((entry) => entry.bad === true) : [];
    const before = last.get(type)?.version ?? "";
    last.set(type, { nonce: response.nonce, version: bad.length > 0 ? before : response.versionInfo });
    if (bad.length > 0) {
      ask(type, options.names() ? `${bad.map(({ name }) => name).join(", ")}: bad` : "bad");
      return;
    }
    const isRoot = type === typeUrl.cluster || type === typeUrl.listener;
    if (isRoot) of(type).clear();
    strange.delete(type);
    // One that was let go of meanwhile is not taken.
    const isWanted = ({ name }: Named): boolean =>
      isRoot || type === typeUrl.secret || names.get(type)?.includes(name) === true;
    for (const entry of entries.filter(isWanted)) of(type).set(entry.name, entry);
    ask(type);
    if (type === typeUrl.cluster) want(typeUrl.endpoints, new Set(of(type).keys()));
    if (type !== typeUrl.listener) return;
    const listeners = [...of(type).values()];
    want(typeUrl.extension, new Set(listeners.flatMap(({ filters = [] }) => filters)));
    want(typeUrl.route, new Set(listeners.flatMap(({ routes = [] }) => routes)));
  }

  function reconnect(): void {
    call.hangUp();
    call = options.open(aggregated);
    isBack = false;
    // Of an earlier stream's nonces nothing is known, and its versions are those that it has.
    last = new Map([...last].map(([type, { version }]) => [type, { nonce: "", version }]));
    begin();
  }

  begin();
  return {
    call: () => call,
    deliver: () => {
      if (call.isOver()) return reconnect();
      const bytes = call.waiting.shift();
      if (bytes !== undefined) take(bytes);
    },
    reconnect,
    held: (type) => new Map([...of(type)].map(([name, { version }]) => [name, version])),
    isStrange: (type) => strange.has(type),
    faults: () => {
      const faults = [...of(typeUrl.listener).values()].flatMap(({ name, routes }) =>
        (of(typeUrl.route).get(routes ?? "")?.clusters ?? [])
          .filter((cluster) => !of(typeUrl.cluster).has(cluster))
          .map((cluster) => `${name} leads to ${cluster}, which is not there`),
      );
      if (strange.size === 0 && faults.length === 0) isBack = true;
      return isBack ? faults : [];
    },
  };
}
