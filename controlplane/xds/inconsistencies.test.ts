import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { Cluster_DiscoveryType, ClusterSchema } from "./generated/envoy/config/cluster/v3/cluster_pb.ts";
import { ListenerSchema } from "./generated/envoy/config/listener/v3/listener_pb.ts";
import { RouteConfigurationSchema } from "./generated/envoy/config/route/v3/route_pb.ts";
import { HttpConnectionManagerSchema } from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import {
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema,
} from "./generated/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts";
import { inconsistencies } from "./inconsistencies.ts";
import { anyOf, byName, type Resource, resource } from "./resource.ts";
import { type TypeUrl, typeUrl } from "./type-url.ts";

const sdsConfig = { configSourceSpecifier: { case: "ads" as const, value: {} } };

function made<Desc extends DescMessage>(
  type: TypeUrl,
  schema: Desc,
  message: MessageInitShape<Desc> & { readonly name: string },
): Resource {
  return resource(message.name, type, schema, create(schema, message));
}

function listener(secrets: readonly string[]): Resource {
  const manager = create(HttpConnectionManagerSchema, {
    routeSpecifier: { case: "rds", value: { routeConfigName: "r" } },
  });
  const tls = create(DownstreamTlsContextSchema, {
    commonTlsContext: {
      tlsCertificateSdsSecretConfigs: secrets.map((name) => ({ name, sdsConfig })),
      validationContextType: {
        case: "combinedValidationContext",
        value: { validationContextSdsSecretConfig: { name: "of the bootstrap" } },
      },
    },
  });
  return made(typeUrl.listener, ListenerSchema, {
    name: "l",
    filterChains: [
      {
        filters: [
          {
            name: "http",
            configType: { case: "typedConfig", value: anyOf(HttpConnectionManagerSchema, manager) },
          },
        ],
        transportSocket: {
          name: "tls",
          configType: { case: "typedConfig", value: anyOf(DownstreamTlsContextSchema, tls) },
        },
      },
    ],
  });
}

function cluster(name: string, secret: string): Resource {
  const tls = create(UpstreamTlsContextSchema, {
    commonTlsContext: {
      validationContextType: { case: "validationContextSdsSecretConfig", value: { name: secret, sdsConfig } },
    },
  });
  return made(typeUrl.cluster, ClusterSchema, {
    name,
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.STATIC },
    transportSocket: {
      name: "tls",
      configType: { case: "typedConfig", value: anyOf(UpstreamTlsContextSchema, tls) },
    },
  });
}

function routes(mirror: string): Resource {
  const weighted = { case: "weightedClusters" as const, value: { clusters: [{ name: "a" }, { name: "b" }] } };
  return made(typeUrl.route, RouteConfigurationSchema, {
    name: "r",
    virtualHosts: [
      {
        name: "h",
        routes: [
          {
            action: {
              case: "route",
              value: { clusterSpecifier: weighted, requestMirrorPolicies: [{ cluster: mirror }] },
            },
          },
        ],
      },
    ],
  });
}

function secret(name: string): Resource {
  return { name, typeUrl: typeUrl.secret, version: "1", bytes: new Uint8Array() };
}

function snapshot(...resources: readonly Resource[]): ReadonlyMap<TypeUrl, ReadonlyMap<string, Resource>> {
  return new Map(
    Object.values(typeUrl).map((type) => [type, byName(resources.filter((each) => each.typeUrl === type))]),
  );
}

test("every cluster that a route may lead to, and every secret that is discovered, has to be there", () => {
  const clusters = [cluster("a", "ca"), cluster("b", "ca"), cluster("copy", "ca")];
  const whole = [listener(["certificate"]), routes("copy"), ...clusters, secret("certificate"), secret("ca")];
  expect(inconsistencies(snapshot(...whole))).toEqual([]);
  expect(inconsistencies(snapshot(listener(["certificate"]), routes("copy"), ...clusters.slice(1)))).toEqual([
    "listener l: no secret certificate",
    "routes r: no cluster a",
    "cluster b: no secret ca",
    "cluster copy: no secret ca",
  ]);
  expect(
    inconsistencies(snapshot(listener([]), routes("elsewhere"), cluster("a", "ca"), secret("ca"))),
  ).toEqual(["routes r: no cluster b", "routes r: no cluster elsewhere"]);
});
