import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { decodeCluster, decodeListener, decodeRoutes, managersOf, tcpProxiesOf } from "./decode.ts";
import { type Cluster, Cluster_DiscoveryType } from "./generated/envoy/config/cluster/v3/cluster_pb.ts";
import type { TransportSocket } from "./generated/envoy/config/core/v3/base_pb.ts";
import type { Listener } from "./generated/envoy/config/listener/v3/listener_pb.ts";
import type { RouteAction } from "./generated/envoy/config/route/v3/route_components_pb.ts";
import type { CommonTlsContext } from "./generated/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts";
import {
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema,
} from "./generated/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts";
import type { Resource, Resources } from "./resource.ts";
import { type TypeUrl, typeUrl } from "./type-url.ts";

type Snapshot = ReadonlyMap<TypeUrl, Resources>;

/**
 * What a snapshot refers to and does not hold, and what it holds and nothing refers to: listener → routes → cluster → endpoints, filter →
 * extension, filters that routes switch on, TLS → secret. Empty is well.
 */
export function inconsistencies(snapshot: Snapshot): readonly string[] {
  return [...listenerFaults(snapshot), ...clusterFaults(snapshot)];
}

function of(snapshot: Snapshot, type: TypeUrl): Resources {
  return snapshot.get(type) ?? new Map();
}

function* listenerFaults(snapshot: Snapshot): Generator<string> {
  const usedRoutes = new Set<string>();
  const usedExtensions = new Set<string>();
  for (const resource of of(snapshot, typeUrl.listener).values()) {
    const listener = decodeListener(resource);
    yield* socketFaults(snapshot, `listener ${resource.name}`, socketsOf(listener));
    for (const filter of listener.filterChains.flatMap(({ filters }) => filters)) {
      if (filter.configType.case !== "configDiscovery") continue;
      usedExtensions.add(filter.name);
      if (!of(snapshot, typeUrl.extension).has(filter.name))
        yield `listener ${resource.name}: no extension ${filter.name}`;
    }
    for (const { clusterSpecifier } of tcpProxiesOf(listener)) {
      if (clusterSpecifier.case === "cluster" && !of(snapshot, typeUrl.cluster).has(clusterSpecifier.value))
        yield `listener ${resource.name}: no cluster ${clusterSpecifier.value}`;
    }
    for (const manager of managersOf(listener)) {
      const filters = new Set<string>();
      for (const filter of manager.httpFilters) {
        if (filters.has(filter.name)) yield `listener ${resource.name}: filter ${filter.name} is there twice`;
        filters.add(filter.name);
        if (filter.configType.case !== "configDiscovery") continue;
        usedExtensions.add(filter.name);
        if (!of(snapshot, typeUrl.extension).has(filter.name))
          yield `listener ${resource.name}: no extension ${filter.name}`;
      }
      if (manager.routeSpecifier.case !== "rds") continue;
      const name = manager.routeSpecifier.value.routeConfigName;
      usedRoutes.add(name);
      const routes = of(snapshot, typeUrl.route).get(name);
      if (routes === undefined) yield `listener ${resource.name}: no routes ${name}`;
      else yield* routeFaults(snapshot, routes, filters);
    }
  }
  for (const name of of(snapshot, typeUrl.route).keys())
    if (!usedRoutes.has(name)) yield `routes ${name}: no listener uses them`;
  for (const name of of(snapshot, typeUrl.extension).keys())
    if (!usedExtensions.has(name)) yield `extension ${name}: no listener uses it`;
}

function* routeFaults(
  snapshot: Snapshot,
  resource: Resource,
  filters: ReadonlySet<string>,
): Generator<string> {
  const { name } = resource;
  for (const host of decodeRoutes(resource).virtualHosts) {
    const switched = [host, ...host.routes].flatMap(({ typedPerFilterConfig }) =>
      Object.keys(typedPerFilterConfig),
    );
    for (const filter of new Set(switched))
      if (!filters.has(filter))
        yield `routes ${name}: ${host.name} switches on ${filter}, which is not in the chain`;
    for (const { action } of host.routes) {
      if (action.case !== "route") continue;
      for (const cluster of clustersOf(action.value))
        if (!of(snapshot, typeUrl.cluster).has(cluster)) yield `routes ${name}: no cluster ${cluster}`;
    }
  }
}

/** Where a route may lead, the copies too. */
function clustersOf({ clusterSpecifier, requestMirrorPolicies }: RouteAction): readonly string[] {
  const mirrors = requestMirrorPolicies.flatMap(({ cluster }) => (cluster === "" ? [] : [cluster]));
  switch (clusterSpecifier.case) {
    case "cluster":
      return [clusterSpecifier.value, ...mirrors];
    case "weightedClusters":
      return [...clusterSpecifier.value.clusters.map(({ name }) => name), ...mirrors];
    default:
      return mirrors;
  }
}

function* clusterFaults(snapshot: Snapshot): Generator<string> {
  const asked = new Set<string>();
  for (const resource of of(snapshot, typeUrl.cluster).values()) {
    const cluster = decodeCluster(resource);
    yield* socketFaults(snapshot, `cluster ${resource.name}`, socketsOfCluster(cluster));
    const { clusterDiscoveryType: discovery } = cluster;
    if (discovery.case !== "type" || discovery.value !== Cluster_DiscoveryType.EDS) continue;
    const name = cluster.edsClusterConfig?.serviceName || cluster.name;
    asked.add(name);
    if (!of(snapshot, typeUrl.endpoints).has(name)) yield `cluster ${resource.name}: no endpoints`;
  }
  for (const name of of(snapshot, typeUrl.endpoints).keys())
    if (!asked.has(name)) yield `endpoints ${name}: no cluster`;
}

function socketsOf({ filterChains }: Listener): readonly TransportSocket[] {
  return filterChains.flatMap(({ transportSocket }) => transportSocket ?? []);
}

function socketsOfCluster({ transportSocket, transportSocketMatches }: Cluster): readonly TransportSocket[] {
  return [transportSocket, ...transportSocketMatches.map((match) => match.transportSocket)].flatMap(
    (socket) => socket ?? [],
  );
}

function* socketFaults(
  snapshot: Snapshot,
  where: string,
  sockets: readonly TransportSocket[],
): Generator<string> {
  for (const { configType } of sockets) {
    if (configType.case !== "typedConfig") continue;
    const context = [DownstreamTlsContextSchema, UpstreamTlsContextSchema]
      .map((schema) => anyUnpack(configType.value, schema))
      .find((found) => found !== undefined);
    for (const secret of context?.commonTlsContext ? secretsOf(context.commonTlsContext) : [])
      if (!of(snapshot, typeUrl.secret).has(secret)) yield `${where}: no secret ${secret}`;
  }
}

/** Those that are discovered: others are in the bootstrap, or on a disk. */
function secretsOf({
  tlsCertificateSdsSecretConfigs: certificates,
  validationContextType: validation,
}: CommonTlsContext): readonly string[] {
  const combined =
    validation.case === "combinedValidationContext"
      ? validation.value.validationContextSdsSecretConfig
      : undefined;
  const single = validation.case === "validationContextSdsSecretConfig" ? validation.value : undefined;
  return [...certificates, combined, single].flatMap((config) =>
    config?.sdsConfig === undefined ? [] : [config.name],
  );
}
