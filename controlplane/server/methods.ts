import { type TypeUrl, typeUrl } from "../xds/type-url.ts";

/** How a stream speaks: each time what is to be, or only what has changed. */
export type Form = "sotw" | "delta";

/** One method of a discovery service. */
export interface DiscoveryMethod {
  readonly kind: "discovery";
  /** The HTTP/2 `:path`. */
  readonly path: string;
  readonly form: Form;
  /** What the method implies; absent where each message says its own (xds.md P2). */
  readonly type?: TypeUrl;
}

/** A method that the server answers: of a discovery service, or of one that proxies report to or that tells of proxies. */
export type Method =
  | DiscoveryMethod
  | { readonly kind: "loadStats"; readonly path: string }
  | { readonly kind: "accessLogs"; readonly path: string }
  | { readonly kind: "clientStatus"; readonly path: string };

const aggregated = "envoy.service.discovery.v3.AggregatedDiscoveryService";
const status = "envoy.service.status.v3.ClientStatusDiscoveryService";

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

/** The incremental form, for all types on one stream: what Wire's own proxies use. */
export const deltaAggregated: DiscoveryMethod = {
  kind: "discovery",
  path: `/${aggregated}/DeltaAggregatedResources`,
  form: "delta",
};

/** Virtual hosts are discovered incrementally alone. */
const discovery: readonly DiscoveryMethod[] = [
  { kind: "discovery", path: `/${aggregated}/StreamAggregatedResources`, form: "sotw" },
  deltaAggregated,
  ...single.flatMap(([type, service, noun]): readonly DiscoveryMethod[] => [
    ...(type === typeUrl.virtualHost
      ? []
      : [{ kind: "discovery", path: `/${service}/Stream${noun}`, form: "sotw", type } as const]),
    { kind: "discovery", path: `/${service}/Delta${noun}`, form: "delta", type },
  ]),
];

/** All that the server answers, by path. */
export const methods: ReadonlyMap<string, Method> = new Map(
  [
    ...discovery,
    {
      kind: "loadStats" as const,
      path: "/envoy.service.load_stats.v3.LoadReportingService/StreamLoadStats",
    },
    {
      kind: "accessLogs" as const,
      path: "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs",
    },
    { kind: "clientStatus" as const, path: `/${status}/StreamClientStatus` },
    { kind: "clientStatus" as const, path: `/${status}/FetchClientStatus` },
  ].map((method) => [method.path, method]),
);
