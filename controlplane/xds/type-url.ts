/** The types that are discovered, in the order in which what is new must be known (xds.md P21). Wire itself makes five of them. */
export const typeUrl = {
  cluster: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  endpoints: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
  secret: "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
  runtime: "type.googleapis.com/envoy.service.runtime.v3.Runtime",
  extension: "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
  listener: "type.googleapis.com/envoy.config.listener.v3.Listener",
  scopedRoutes: "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration",
  route: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
  virtualHost: "type.googleapis.com/envoy.config.route.v3.VirtualHost",
} as const;

export type TypeUrl = (typeof typeUrl)[keyof typeof typeUrl];
