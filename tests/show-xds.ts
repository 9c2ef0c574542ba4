import { createRegistry, type DescMessage, fromBinary, type JsonValue, toJson } from "@bufbuild/protobuf";
import { StringValueSchema } from "@bufbuild/protobuf/wkt";
import { stringify } from "yaml";
import type { Build } from "../controlplane/pipeline/build.ts";
import { addressPlan } from "../controlplane/xds/address-plan.ts";
import { ClusterSchema } from "../controlplane/xds/generated/envoy/config/cluster/v3/cluster_pb.ts";
import { TypedExtensionConfigSchema } from "../controlplane/xds/generated/envoy/config/core/v3/extension_pb.ts";
import { ClusterLoadAssignmentSchema } from "../controlplane/xds/generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import { ListenerSchema } from "../controlplane/xds/generated/envoy/config/listener/v3/listener_pb.ts";
import { FilterConfigSchema } from "../controlplane/xds/generated/envoy/config/route/v3/route_components_pb.ts";
import { RouteConfigurationSchema } from "../controlplane/xds/generated/envoy/config/route/v3/route_pb.ts";
import { ExpressionFilterSchema } from "../controlplane/xds/generated/envoy/extensions/access_loggers/filters/cel/v3/cel_pb.ts";
import { HttpGrpcAccessLogConfigSchema } from "../controlplane/xds/generated/envoy/extensions/access_loggers/grpc/v3/als_pb.ts";
import { StdoutAccessLogSchema } from "../controlplane/xds/generated/envoy/extensions/access_loggers/stream/v3/stream_pb.ts";
import { HTTPFaultSchema } from "../controlplane/xds/generated/envoy/extensions/filters/http/fault/v3/fault_pb.ts";
import { HeaderMutationSchema as HeaderMutationFilterSchema } from "../controlplane/xds/generated/envoy/extensions/filters/http/header_mutation/v3/header_mutation_pb.ts";
import { JwtAuthenticationSchema } from "../controlplane/xds/generated/envoy/extensions/filters/http/jwt_authn/v3/config_pb.ts";
import { RBACSchema } from "../controlplane/xds/generated/envoy/extensions/filters/http/rbac/v3/rbac_pb.ts";
import { RouterSchema } from "../controlplane/xds/generated/envoy/extensions/filters/http/router/v3/router_pb.ts";
import { UpstreamCodecSchema } from "../controlplane/xds/generated/envoy/extensions/filters/http/upstream_codec/v3/upstream_codec_pb.ts";
import { WasmSchema } from "../controlplane/xds/generated/envoy/extensions/filters/http/wasm/v3/wasm_pb.ts";
import { HttpConnectionManagerSchema } from "../controlplane/xds/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { RBACSchema as TcpRbacSchema } from "../controlplane/xds/generated/envoy/extensions/filters/network/rbac/v3/rbac_pb.ts";
import { TcpProxySchema } from "../controlplane/xds/generated/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.ts";
import { WasmSchema as TcpWasmSchema } from "../controlplane/xds/generated/envoy/extensions/filters/network/wasm/v3/wasm_pb.ts";
import { HeaderMutationSchema } from "../controlplane/xds/generated/envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation_pb.ts";
import { PreviousHostsPredicateSchema } from "../controlplane/xds/generated/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.ts";
import { HttpProtocolOptionsSchema } from "../controlplane/xds/generated/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts";
import type { Resource } from "../controlplane/xds/resource.ts";
import { byType, proxyResources, wayOf } from "../controlplane/xds/snapshot.ts";
import { typeUrl } from "../controlplane/xds/type-url.ts";

const registry = createRegistry(
  ExpressionFilterSchema,
  FilterConfigSchema,
  HTTPFaultSchema,
  HeaderMutationFilterSchema,
  HeaderMutationSchema,
  HttpConnectionManagerSchema,
  HttpGrpcAccessLogConfigSchema,
  HttpProtocolOptionsSchema,
  JwtAuthenticationSchema,
  PreviousHostsPredicateSchema,
  RBACSchema,
  RouterSchema,
  StdoutAccessLogSchema,
  StringValueSchema,
  TcpProxySchema,
  TcpRbacSchema,
  TcpWasmSchema,
  UpstreamCodecSchema,
  WasmSchema,
);

const schemas = {
  cluster: ClusterSchema,
  endpoints: ClusterLoadAssignmentSchema,
  listener: ListenerSchema,
  extension: TypedExtensionConfigSchema,
  route: RouteConfigurationSchema,
} as const;

/**
 * The resources of every proxy as a person reads them, in a stable order. The bytes of modules are left out, and so are the spare filters,
 * which are as many and the same in every chain.
 */
export function showXds(build: Build): string {
  const { mesh, chains } = build;
  const taken = new Set(chains.flatMap(({ slots }) => slots.map(({ place }) => place)));
  const spare = new Set(
    chains.flatMap(({ places }) => places.flatMap(({ name }) => (taken.has(name) ? [] : [name]))),
  );
  const snapshots = proxyResources({ mesh, addresses: addressPlan(mesh), ways: [wayOf(build)] });
  const shown = [...snapshots].map(([service, snapshot]) => [
    service,
    Object.fromEntries(
      Object.entries(schemas).map(([kind, schema]) => {
        const resources = byType(snapshot).get(typeUrl[kind as keyof typeof schemas]) ?? [];
        const used = [...resources].filter(([name]) => !spare.has(name));
        return [kind, Object.fromEntries(used.map(([name, entry]) => [name, show(entry, schema, spare)]))];
      }),
    ),
  ]);
  return stringify(Object.fromEntries(shown), { lineWidth: 110 });
}

function show(entry: Resource, schema: DescMessage, spare: ReadonlySet<string>): JsonValue {
  return abridged(toJson(schema, fromBinary(schema, entry.bytes), { registry }), spare);
}

/** Without the bytes of modules, which change with every compiler, and without filters of these names. */
function abridged(value: JsonValue, spare: ReadonlySet<string>): JsonValue {
  if (Array.isArray(value))
    return value.filter((each) => !isNamed(each, spare)).map((each) => abridged(each, spare));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === "inlineBytes" ? "(the module)" : abridged(inner, spare),
    ]),
  );
}

function isNamed(value: JsonValue, names: ReadonlySet<string>): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    typeof value["name"] === "string" &&
    names.has(value["name"])
  );
}
