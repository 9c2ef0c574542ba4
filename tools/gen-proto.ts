import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** The v3 API as .proto files, published by Envoy's Java control plane. */
const artifact = "io.envoyproxy.controlplane:api:1.0.49";

/** What we build or read. Whatever these mention comes along. */
const types = [
  "envoy.config.listener.v3.Listener",
  "envoy.config.cluster.v3.Cluster",
  "envoy.config.endpoint.v3.ClusterLoadAssignment",
  "envoy.config.route.v3.RouteConfiguration",
  "envoy.config.route.v3.FilterConfig",
  "envoy.config.core.v3.TypedExtensionConfig",
  "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
  "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
  "envoy.extensions.filters.network.wasm.v3.Wasm",
  "envoy.extensions.filters.network.rbac.v3.RBAC",
  "envoy.extensions.filters.http.router.v3.Router",
  "envoy.extensions.filters.http.wasm.v3.Wasm",
  "envoy.extensions.filters.http.rbac.v3.RBAC",
  "envoy.extensions.filters.http.fault.v3.HTTPFault",
  "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
  "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
  "envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec",
  "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
  "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
  "envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig",
  "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
  "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
  "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
  "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
  "envoy.service.accesslog.v3.StreamAccessLogsMessage",
  "envoy.service.discovery.v3.DeltaDiscoveryRequest",
  "envoy.service.discovery.v3.DeltaDiscoveryResponse",
  "envoy.service.discovery.v3.DiscoveryRequest",
  "envoy.service.discovery.v3.DiscoveryResponse",
  "envoy.service.load_stats.v3.LoadStatsRequest",
  "envoy.service.load_stats.v3.LoadStatsResponse",
  "envoy.service.status.v3.ClientStatusRequest",
  "envoy.service.status.v3.ClientStatusResponse",
];

/** Annotations of other generators, and corners of the API that we never set: half of the code otherwise. */
const excludeTypes = [
  "validate",
  "udpa.annotations",
  "xds.annotations.v3",
  "envoy.annotations",
  "google.api.expr.v1alpha1",
  "envoy.config.trace.v3",
  "envoy.type.tracing.v3",
];

const root = resolve(import.meta.dirname, "..");
const protos = join(root, ".cache", "protos");
const generated = join(root, "controlplane", "xds", "generated");

function run(command: string, args: readonly string[], cwd: string): void {
  execFileSync(command, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
}

rmSync(protos, { recursive: true, force: true });
mkdirSync(protos, { recursive: true });
run(
  "mvn",
  [
    "--quiet",
    "--batch-mode",
    "dependency:unpack",
    `-Dartifact=${artifact}`,
    `-DoutputDirectory=${protos}`,
    "-Dmdep.unpack.includes=**/*.proto",
  ],
  protos,
);

const plugin = {
  local: join(root, "node_modules", ".bin", "protoc-gen-es"),
  out: generated,
  strategy: "all",
  opt: ["target=ts", "import_extension=ts", "erasable_syntax=true"],
};
writeFileSync(join(protos, "buf.yaml"), "version: v2\n");
writeFileSync(
  join(protos, "buf.gen.yaml"),
  JSON.stringify({
    version: "v2",
    clean: true,
    plugins: [plugin],
    inputs: [{ directory: ".", types, exclude_types: excludeTypes }],
  }),
);
run(join(root, "node_modules", ".bin", "buf"), ["generate"], protos);
