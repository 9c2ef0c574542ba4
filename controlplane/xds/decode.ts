import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { type Cluster, ClusterSchema } from "./generated/envoy/config/cluster/v3/cluster_pb.ts";
import { ClusterLoadAssignmentSchema } from "./generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import type { FilterChain } from "./generated/envoy/config/listener/v3/listener_components_pb.ts";
import { type Listener, ListenerSchema } from "./generated/envoy/config/listener/v3/listener_pb.ts";
import {
  type VirtualHost,
  VirtualHostSchema,
} from "./generated/envoy/config/route/v3/route_components_pb.ts";
import {
  type RouteConfiguration,
  RouteConfigurationSchema,
} from "./generated/envoy/config/route/v3/route_pb.ts";
import {
  type ScopedRouteConfiguration,
  ScopedRouteConfigurationSchema,
} from "./generated/envoy/config/route/v3/scoped_route_pb.ts";
import {
  type HttpConnectionManager,
  HttpConnectionManagerSchema,
} from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import {
  type TcpProxy,
  TcpProxySchema,
} from "./generated/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.ts";
import type { Resource } from "./resource.ts";

export function decodeCluster(resource: Resource): Cluster {
  return fromBinary(ClusterSchema, resource.bytes);
}

export function decodeListener(resource: Resource): Listener {
  return fromBinary(ListenerSchema, resource.bytes);
}

export function decodeRoutes(resource: Resource): RouteConfiguration {
  return fromBinary(RouteConfigurationSchema, resource.bytes);
}

export function decodeScope(resource: Resource): ScopedRouteConfiguration {
  return fromBinary(ScopedRouteConfigurationSchema, resource.bytes);
}

export function decodeVirtualHost(resource: Resource): VirtualHost {
  return fromBinary(VirtualHostSchema, resource.bytes);
}

/** Where the endpoints of an assignment are, `ADDRESS:PORT`, sorted. */
export function placesOf(resource: Resource): readonly string[] {
  return fromBinary(ClusterLoadAssignmentSchema, resource.bytes)
    .endpoints.flatMap(({ lbEndpoints }) => lbEndpoints)
    .flatMap(({ hostIdentifier }) => {
      const address = hostIdentifier.case === "endpoint" ? hostIdentifier.value.address?.address : undefined;
      if (address?.case !== "socketAddress") return [];
      const { address: host, portSpecifier } = address.value;
      return [`${host}:${portSpecifier.case === "portValue" ? portSpecifier.value : 0}`];
    })
    .sort();
}

/** The filter chains of a listener, with that for connections that match none. */
export function chainsOf({ filterChains, defaultFilterChain }: Listener): readonly FilterChain[] {
  return defaultFilterChain === undefined ? filterChains : [...filterChains, defaultFilterChain];
}

/** The HTTP connection managers of a listener, one for each filter chain that has one. */
export function managersOf(listener: Listener): readonly HttpConnectionManager[] {
  return filtersOf(listener, HttpConnectionManagerSchema);
}

/** The TCP proxies of a listener, one for each filter chain that has one. */
export function tcpProxiesOf(listener: Listener): readonly TcpProxy[] {
  return filtersOf(listener, TcpProxySchema);
}

function filtersOf<Desc extends DescMessage>(
  listener: Listener,
  schema: Desc,
): readonly MessageShape<Desc>[] {
  return chainsOf(listener)
    .flatMap((chain) => chain.filters)
    .flatMap(({ configType }) => {
      const filter = configType.case === "typedConfig" ? anyUnpack(configType.value, schema) : undefined;
      return filter === undefined ? [] : [filter];
    });
}
