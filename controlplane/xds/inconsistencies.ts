import { anyUnpack } from "@bufbuild/protobuf/wkt";
import {
  chainsOf,
  decodeCluster,
  decodeListener,
  decodeRoutes,
  decodeScope,
  decodeVirtualHost,
  managersOf,
  tcpProxiesOf,
} from "./decode.ts";
import { type Cluster, Cluster_DiscoveryType } from "./generated/envoy/config/cluster/v3/cluster_pb.ts";
import type { TransportSocket } from "./generated/envoy/config/core/v3/base_pb.ts";
import type { ConfigSource } from "./generated/envoy/config/core/v3/config_source_pb.ts";
import type { Listener } from "./generated/envoy/config/listener/v3/listener_pb.ts";
import type { VirtualHost } from "./generated/envoy/config/route/v3/route_components_pb.ts";
import type { RouteConfiguration } from "./generated/envoy/config/route/v3/route_pb.ts";
import type { ScopedRouteConfiguration } from "./generated/envoy/config/route/v3/scoped_route_pb.ts";
import type {
  HttpConnectionManager,
  ScopedRoutes,
} from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import type { TcpProxy } from "./generated/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.ts";
import type { SdsSecretConfig } from "./generated/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts";
import {
  type CommonTlsContext,
  type DownstreamTlsContext,
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema,
} from "./generated/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts";
import type { Resource, Resources } from "./resource.ts";
import { routeFaults } from "./route-faults.ts";
import { type TypeUrl, typeUrl } from "./type-url.ts";

type Snapshot = ReadonlyMap<TypeUrl, Resources>;

/**
 * What a snapshot refers to and does not hold, and what it holds and nothing refers to: listener → scopes → routes → virtual hosts → cluster →
 * endpoints, TCP proxy → cluster, filter → extension, filters that routes switch on, TLS → secret; and what cannot be read. Empty is well.
 */
export function inconsistencies(snapshot: Snapshot): readonly string[] {
  const faults: string[] = [];
  const read = readerOf(faults);
  const known: Known = {
    has: (type, name) => of(snapshot, type).has(name),
    clusters: read(snapshot, typeUrl.cluster, "cluster", decodeCluster),
    listeners: read(snapshot, typeUrl.listener, "listener", decodeListener),
    routes: read(snapshot, typeUrl.route, "routes", decodeRoutes),
    scopes: read(snapshot, typeUrl.scopedRoutes, "scope", decodeScope),
    hosts: read(snapshot, typeUrl.virtualHost, "virtual host", decodeVirtualHost),
    extensions: [...of(snapshot, typeUrl.extension).keys()],
    endpoints: [...of(snapshot, typeUrl.endpoints).keys()],
  };
  return [...faults, ...listenerFaults(known), ...clusterFaults(known)];
}

/** The snapshot, read. */
interface Known {
  readonly has: (type: TypeUrl, name: string) => boolean;
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly listeners: ReadonlyMap<string, Listener>;
  readonly routes: ReadonlyMap<string, RouteConfiguration>;
  readonly scopes: ReadonlyMap<string, ScopedRouteConfiguration>;
  readonly hosts: ReadonlyMap<string, VirtualHost>;
  readonly extensions: readonly string[];
  readonly endpoints: readonly string[];
}

function of(snapshot: Snapshot, type: TypeUrl): Resources {
  return snapshot.get(type) ?? new Map();
}

/** Reads all resources of a type, and tells of those that cannot be read. */
function readerOf(faults: string[]) {
  return <Message>(
    snapshot: Snapshot,
    type: TypeUrl,
    what: string,
    decode: (resource: Resource) => Message,
  ): ReadonlyMap<string, Message> =>
    new Map(
      [...of(snapshot, type)].flatMap(([name, resource]) => {
        try {
          return [[name, decode(resource)] as const];
        } catch (cause) {
          faults.push(`${what} ${name}: cannot be read: ${cause instanceof Error ? cause.message : cause}`);
          return [];
        }
      }),
    );
}

/** What listeners refer to, by kind. */
interface Used {
  readonly routes: Set<string>;
  readonly extensions: Set<string>;
  readonly hosts: Set<string>;
  scopes: boolean;
}

function* listenerFaults(known: Known): Generator<string> {
  const used: Used = { routes: new Set(), extensions: new Set(), hosts: new Set(), scopes: false };
  for (const [name, listener] of known.listeners) {
    const where = `listener ${name}`;
    yield* socketFaults(known, where, socketsOf(listener));
    const filters = chainsOf(listener).flatMap((chain) => chain.filters);
    yield* extensionFaults(known, where, [...filters, ...listener.listenerFilters], used);
    const clusters = tcpProxiesOf(listener).flatMap(clustersOfTcp);
    for (const cluster of new Set(clusters))
      if (!known.has(typeUrl.cluster, cluster)) yield `${where}: no cluster ${cluster}`;
    for (const manager of managersOf(listener)) yield* managerFaults(known, where, manager, used);
  }
  for (const name of known.routes.keys())
    if (!used.routes.has(name)) yield `routes ${name}: no listener uses them`;
  for (const name of known.extensions)
    if (!used.extensions.has(name)) yield `extension ${name}: no listener uses it`;
  for (const name of used.scopes ? [] : known.scopes.keys()) yield `scope ${name}: no listener uses it`;
  for (const name of known.hosts.keys())
    if (!used.hosts.has(name)) yield `virtual host ${name}: no routes use it`;
}

function* managerFaults(
  known: Known,
  where: string,
  manager: HttpConnectionManager,
  used: Used,
): Generator<string> {
  const filters = new Set<string>();
  for (const { name } of manager.httpFilters) {
    if (filters.has(name)) yield `${where}: filter ${name} is there twice`;
    filters.add(name);
  }
  yield* extensionFaults(known, where, manager.httpFilters, used);
  for (const table of tablesOf(known, manager, used)) {
    if (typeof table === "string") yield `${where}: no routes ${table}`;
    else if (table !== undefined)
      yield* routeFaults(table, { filters, hasCluster: (name) => known.has(typeUrl.cluster, name) });
  }
}

/** The routes of a connection manager, and the names of those that are not there. */
function* tablesOf(
  known: Known,
  { routeSpecifier: routes }: HttpConnectionManager,
  used: Used,
): Generator<RouteConfiguration | string | undefined> {
  switch (routes.case) {
    case "rds":
      yield named(known, routes.value.routeConfigName, used);
      return;
    case "routeConfig":
      yield whole(known, routes.value, used);
      return;
    case "scopedRoutes":
      for (const { routeConfiguration, routeConfigurationName } of scopesOf(known, routes.value, used))
        yield routeConfiguration === undefined
          ? named(known, routeConfigurationName, used)
          : whole(known, routeConfiguration, used);
      return;
    default:
      return;
  }
}

function scopesOf(
  known: Known,
  { configSpecifier: scopes }: ScopedRoutes,
  used: Used,
): readonly ScopedRouteConfiguration[] {
  if (scopes.case === "scopedRouteConfigurationsList") return scopes.value.scopedRouteConfigurations;
  if (scopes.case === "scopedRds") used.scopes = true;
  return scopes.case === "scopedRds" ? [...known.scopes.values()] : [];
}

/** Undefined where it is there and cannot be read, which has been told of. */
function named(known: Known, name: string, used: Used): RouteConfiguration | string | undefined {
  used.routes.add(name);
  const table = known.routes.get(name);
  if (table !== undefined) return whole(known, table, used);
  return known.has(typeUrl.route, name) ? undefined : name;
}

/** With its virtual hosts that come on their own: `ROUTES/DOMAIN`. */
function whole(known: Known, table: RouteConfiguration, used: Used): RouteConfiguration {
  if (table.vhds === undefined) return table;
  const own = [...known.hosts].filter(([name]) => name.startsWith(`${table.name}/`));
  for (const [name] of own) used.hosts.add(name);
  return { ...table, virtualHosts: [...table.virtualHosts, ...own.map(([, host]) => host)] };
}

function* extensionFaults(
  known: Known,
  where: string,
  filters: readonly { readonly name: string; readonly configType: { readonly case?: string | undefined } }[],
  used: Used,
): Generator<string> {
  for (const { name, configType } of filters) {
    if (configType.case !== "configDiscovery") continue;
    used.extensions.add(name);
    if (!known.has(typeUrl.extension, name)) yield `${where}: no extension ${name}`;
  }
}

function clustersOfTcp({ clusterSpecifier }: TcpProxy): readonly string[] {
  switch (clusterSpecifier.case) {
    case "cluster":
      return [clusterSpecifier.value];
    case "weightedClusters":
      return clusterSpecifier.value.clusters.map(({ name }) => name);
    default:
      return [];
  }
}

function* clusterFaults(known: Known): Generator<string> {
  const asked = new Set<string>();
  for (const [key, cluster] of known.clusters) {
    yield* socketFaults(known, `cluster ${key}`, socketsOfCluster(cluster));
    const { clusterDiscoveryType: discovery } = cluster;
    if (discovery.case !== "type" || discovery.value !== Cluster_DiscoveryType.EDS) continue;
    const name = cluster.edsClusterConfig?.serviceName || cluster.name;
    asked.add(name);
    if (!known.has(typeUrl.endpoints, name)) yield `cluster ${key}: no endpoints`;
  }
  for (const name of known.endpoints) if (!asked.has(name)) yield `endpoints ${name}: no cluster`;
}

function socketsOf(listener: Listener): readonly TransportSocket[] {
  return chainsOf(listener).flatMap(({ transportSocket }) => transportSocket ?? []);
}

function socketsOfCluster({ transportSocket, transportSocketMatches }: Cluster): readonly TransportSocket[] {
  return [transportSocket, ...transportSocketMatches.map((match) => match.transportSocket)].flatMap(
    (socket) => socket ?? [],
  );
}

function* socketFaults(known: Known, where: string, sockets: readonly TransportSocket[]): Generator<string> {
  for (const { configType } of sockets) {
    if (configType.case !== "typedConfig") continue;
    const downstream = anyUnpack(configType.value, DownstreamTlsContextSchema);
    const { commonTlsContext } = downstream ?? anyUnpack(configType.value, UpstreamTlsContextSchema) ?? {};
    const secrets = [
      ...(commonTlsContext === undefined ? [] : secretsOf(commonTlsContext)),
      ...(downstream === undefined ? [] : ticketKeysOf(downstream)),
    ];
    for (const { name, sdsConfig } of secrets)
      if (isFromServer(sdsConfig) && !known.has(typeUrl.secret, name)) yield `${where}: no secret ${name}`;
  }
}

function ticketKeysOf({ sessionTicketKeysType: keys }: DownstreamTlsContext): readonly SdsSecretConfig[] {
  return keys.case === "sessionTicketKeysSdsSecretConfig" ? [keys.value] : [];
}

function secretsOf({
  tlsCertificateSdsSecretConfigs: certificates,
  validationContextType: validation,
}: CommonTlsContext): readonly SdsSecretConfig[] {
  const combined =
    validation.case === "combinedValidationContext"
      ? validation.value.validationContextSdsSecretConfig
      : undefined;
  const single = validation.case === "validationContextSdsSecretConfig" ? validation.value : undefined;
  return [...certificates, combined, single].filter((config) => config !== undefined);
}

/** What is discovered from a server: other things are in the bootstrap, or on a disk. */
function isFromServer(source: ConfigSource | undefined): boolean {
  const from = source?.configSourceSpecifier.case;
  return source !== undefined && from !== "path" && from !== "pathConfigSource";
}
