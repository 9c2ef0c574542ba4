import { create } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import type { Protocol } from "../mesh/mesh.ts";
import type { Address } from "./address-plan.ts";
import { ads } from "./config-source.ts";
import {
  Cluster_DiscoveryType,
  Cluster_LbPolicy,
  ClusterSchema,
} from "./generated/envoy/config/cluster/v3/cluster_pb.ts";
import {
  type Address as AddressMessage,
  AddressSchema,
} from "./generated/envoy/config/core/v3/address_pb.ts";
import { LbEndpointSchema } from "./generated/envoy/config/endpoint/v3/endpoint_components_pb.ts";
import { ClusterLoadAssignmentSchema } from "./generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import { HttpProtocolOptionsSchema } from "./generated/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts";
import { filtersOfCluster } from "./native-filters.ts";
import { anyOf, mapOf, type Resource, resource } from "./resource.ts";
import { typeUrl } from "./type-url.ts";

export interface ClusterOptions {
  readonly name: string;
  readonly protocol: Protocol;
  /** The address that connections come from: it says who calls (`identity: address`). */
  readonly from: string;
  /** With their load-balancing weights, all positive. */
  readonly endpoints: readonly (Address & { readonly weight: number })[];
  /** Whether equal hash keys lead to equal endpoints; a request without a key goes to any. Default: turn by turn. */
  readonly isHashed?: boolean;
  /** Control headers that the router reads late, and that nobody behind it must see. Default none. */
  readonly removed?: readonly string[];
}

/** A cluster and the endpoints that it asks for. A gRPC service is spoken to in HTTP/2, others in HTTP/1.1. */
export function cluster(options: ClusterOptions): {
  readonly cluster: Resource;
  readonly endpoints: Resource;
} {
  const http =
    options.protocol === "grpc"
      ? { case: "http2ProtocolOptions" as const, value: {} }
      : { case: "httpProtocolOptions" as const, value: {} };
  const protocolOptions = create(HttpProtocolOptionsSchema, {
    httpFilters: [...filtersOfCluster(options.removed ?? [])],
    upstreamProtocolOptions: { case: "explicitHttpConfig", value: { protocolConfig: http } },
  });
  const message = create(ClusterSchema, {
    name: options.name,
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: { edsConfig: ads() },
    ...(options.isHashed === true ? { lbPolicy: Cluster_LbPolicy.RING_HASH } : {}),
    connectTimeout: create(DurationSchema, { seconds: 2n }),
    upstreamBindConfig: {
      sourceAddress: { address: options.from, portSpecifier: { case: "portValue", value: 0 } },
    },
    typedExtensionProtocolOptions:
      options.protocol === "tcp"
        ? {}
        : mapOf([
            [
              "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
              anyOf(HttpProtocolOptionsSchema, protocolOptions),
            ],
          ]),
  });
  const assignment = create(ClusterLoadAssignmentSchema, {
    clusterName: options.name,
    // A service without replicas gets an assignment all the same: silence would keep the cluster warming (P24).
    endpoints: [
      {
        lbEndpoints: options.endpoints.map((endpoint) =>
          create(LbEndpointSchema, {
            hostIdentifier: { case: "endpoint", value: { address: socketAddress(endpoint) } },
            loadBalancingWeight: endpoint.weight,
          }),
        ),
      },
    ],
  });
  return {
    cluster: resource(options.name, typeUrl.cluster, ClusterSchema, message),
    endpoints: resource(options.name, typeUrl.endpoints, ClusterLoadAssignmentSchema, assignment),
  };
}

export function socketAddress(address: Address): AddressMessage {
  return create(AddressSchema, {
    address: {
      case: "socketAddress",
      value: { address: address.address, portSpecifier: { case: "portValue", value: address.port } },
    },
  });
}
