import { type TypeUrl, typeUrl } from "../xds/type-url.ts";

/** How a stream speaks: each time what is to be, or only what has changed. */
export type Form = "sotw" | "delta";

/** One method of a discovery service. */
export interface Method {
  /** The HTTP/2 `:path`. */
  readonly path: string;
  readonly form: Form;
  /** What the method implies; absent where each message says its own (xds.md P2). */
  readonly type?: TypeUrl;
}

const aggregated = "envoy.service.discovery.v3.AggregatedDiscoveryService";

/** The services of single types: what follows `Stream` and `Delta` in their methods' names. */
const single: readonly (readonly [type: TypeUrl, service: string, noun: string])[] = [
  [typeUrl.cluster, "envoy.service.cluster.v3.ClusterDiscoveryService", "Clusters"],
  [typeUrl.endpoints, "envoy.service.endpoint.v3.EndpointDiscoveryService", "Endpoints"],
  [typeUrl.secret, "envoy.service.secret.v3.SecretDiscoveryService", "Secrets"],
  [typeUrl.runtime, "envoy.service.runtime.v3.RuntimeDiscoveryService", "Runtime"],
  [typeUrl.extension, "envoy.service.extension.v3.ExtensionConfigDiscoveryService", "ExtensionConfigs"],
  [typeUrl.listener, "envoy.service.listener.v3.ListenerDiscoveryService", "Listeners"],
  [typeUrl.scopedRoutes, "envoy.service.route.v3.ScopedRoutesDiscoveryService", "ScopedRoutes"],
  [typeUrl.route, "envoy.service.route.v3.RouteDiscoveryService", "Routes"],
  [typeUrl.virtualHost, "envoy.service.route.v3.VirtualHostDiscoveryService", "VirtualHosts"],
];

/** All that the server answers, by path. Virtual hosts are discovered incrementally alone. */
export const methods: ReadonlyMap<string, Method> = new Map(
  [
    { path: `/${aggregated}/StreamAggregatedResources`, form: "sotw" as const },
    { path: `/${aggregated}/DeltaAggregatedResources`, form: "delta" as const },
    ...single.flatMap(([type, service, noun]) => [
      ...(type === typeUrl.virtualHost
        ? []
        : [{ path: `/${service}/Stream${noun}`, form: "sotw" as const, type }]),
      { path: `/${service}/Delta${noun}`, form: "delta" as const, type },
    ]),
  ].map((method) => [method.path, method]),
);
