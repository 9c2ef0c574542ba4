import { create } from "@bufbuild/protobuf";
import { type BytesValue, BytesValueSchema } from "@bufbuild/protobuf/wkt";
import type { Snapshot } from "../../../controlplane/server/snapshot.ts";
import {
  Cluster_DiscoveryType,
  ClusterSchema,
} from "../../../controlplane/xds/generated/envoy/config/cluster/v3/cluster_pb.ts";
import {
  type Address,
  AddressSchema,
} from "../../../controlplane/xds/generated/envoy/config/core/v3/address_pb.ts";
import { TypedExtensionConfigSchema } from "../../../controlplane/xds/generated/envoy/config/core/v3/extension_pb.ts";
import { HealthStatus } from "../../../controlplane/xds/generated/envoy/config/core/v3/health_check_pb.ts";
import { ClusterLoadAssignmentSchema } from "../../../controlplane/xds/generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import { ListenerSchema } from "../../../controlplane/xds/generated/envoy/config/listener/v3/listener_pb.ts";
import {
  anyOf,
  byName,
  type Resource,
  type Resources,
  resource,
} from "../../../controlplane/xds/resource.ts";
import { typeUrl } from "../../../controlplane/xds/type-url.ts";

export const fleet = { clusters: 20, endpoints: 20, listeners: 2 } as const;

const count = (n: number): readonly number[] => Array.from({ length: n }, (_, at) => at);

function socketAddress(address: string, port: number): Address {
  return create(AddressSchema, {
    address: {
      case: "socketAddress",
      value: { address, portSpecifier: { case: "portValue", value: port } },
    },
  });
}

function assignment(cluster: number, change: number): Resource {
  const name = `cluster-${cluster}`;
  return resource(
    name,
    typeUrl.endpoints,
    ClusterLoadAssignmentSchema,
    create(ClusterLoadAssignmentSchema, {
      clusterName: name,
      endpoints: [
        {
          locality: { region: "region", zone: `zone-${cluster}` },
          loadBalancingWeight: 1,
          lbEndpoints: count(fleet.endpoints).map((endpoint) => ({
            hostIdentifier: {
              case: "endpoint" as const,
              value: {
                address: socketAddress(
                  `10.${cluster}.${endpoint}.1`,
                  cluster === 0 && endpoint === 0 ? 10_000 + (change % 50_000) : 8080,
                ),
                hostname: `endpoint-${endpoint}-of-cluster-${cluster}.namespace.svc.cluster`,
              },
            },
            healthStatus: HealthStatus.HEALTHY,
            loadBalancingWeight: 1,
          })),
        },
      ],
    }),
  );
}

const clusters: Resources = byName(
  count(fleet.clusters).map((cluster) =>
    resource(
      `cluster-${cluster}`,
      typeUrl.cluster,
      ClusterSchema,
      create(ClusterSchema, {
        name: `cluster-${cluster}`,
        clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
        edsClusterConfig: { edsConfig: { configSourceSpecifier: { case: "ads", value: {} } } },
      }),
    ),
  ),
);

const listeners: Resources = byName(
  count(fleet.listeners).map((listener) =>
    resource(
      `listener-${listener}`,
      typeUrl.listener,
      ListenerSchema,
      create(ListenerSchema, {
        name: `listener-${listener}`,
        address: socketAddress("127.0.0.1", 15_000 + listener),
      }),
    ),
  ),
);

function filter(bytes: number, change: number): Resource {
  const code: BytesValue = create(BytesValueSchema, {
    value: Uint8Array.from({ length: bytes }, (_, at) => change + at * 7),
  });
  return resource(
    "filter",
    typeUrl.extension,
    TypedExtensionConfigSchema,
    create(TypedExtensionConfigSchema, { name: "filter", typedConfig: anyOf(BytesValueSchema, code) }),
  );
}

const others = count(fleet.clusters)
  .slice(1)
  .map((cluster) => assignment(cluster, 0));

/** What each node has: `change` moves the first endpoint of the first cluster, or, where there is a filter, replaces it. */
export function snapshot(change: number, wasmBytes: number): Snapshot {
  return new Map([
    [typeUrl.cluster, clusters],
    [typeUrl.endpoints, byName([assignment(0, wasmBytes > 0 ? 0 : change), ...others])],
    [typeUrl.listener, listeners],
    [typeUrl.extension, byName(wasmBytes > 0 ? [filter(wasmBytes, change)] : [])],
  ]);
}
