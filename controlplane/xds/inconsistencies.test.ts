import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { Cluster_DiscoveryType, ClusterSchema } from "./generated/envoy/config/cluster/v3/cluster_pb.ts";
import { ListenerSchema } from "./generated/envoy/config/listener/v3/listener_pb.ts";
import { VirtualHostSchema } from "./generated/envoy/config/route/v3/route_components_pb.ts";
import { RouteConfigurationSchema } from "./generated/envoy/config/route/v3/route_pb.ts";
import { ScopedRouteConfigurationSchema } from "./generated/envoy/config/route/v3/scoped_route_pb.ts";
import { HttpConnectionManagerSchema } from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { TcpProxySchema } from "./generated/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.ts";
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

function listener(
  secrets: readonly string[],
  tickets: "from the server" | "on a disk" = "on a disk",
): Resource {
  const manager = create(HttpConnectionManagerSchema, {
    routeSpecifier: { case: "rds", value: { routeConfigName: "r" } },
  });
  const onDisk = {
    configSourceSpecifier: { case: "pathConfigSource" as const, value: { path: "/etc/tickets.yaml" } },
  };
  const tls = create(DownstreamTlsContextSchema, {
    sessionTicketKeysType: {
      case: "sessionTicketKeysSdsSecretConfig",
      value: { name: "tickets", sdsConfig: tickets === "from the server" ? sdsConfig : onDisk },
    },
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
  const withTickets = [listener([], "from the server"), ...whole.slice(1)];
  expect(inconsistencies(snapshot(...withTickets))).toEqual(["listener l: no secret tickets"]);
});

const nowhere = { name: "nowhere", weight: 1 };
const ghost = { typedPerFilterConfig: { ghost: anyOf(EmptySchema, create(EmptySchema)) } };
type Manager = MessageInitShape<typeof HttpConnectionManagerSchema>;

function filterOf<Desc extends DescMessage>(schema: Desc, message: MessageInitShape<Desc>) {
  return {
    name: "f",
    configType: { case: "typedConfig" as const, value: anyOf(schema, create(schema, message)) },
  };
}

function managing(routeSpecifier: NonNullable<Manager["routeSpecifier"]>): Resource {
  const filters = [filterOf(HttpConnectionManagerSchema, { routeSpecifier })];
  return made(typeUrl.listener, ListenerSchema, { name: "l", filterChains: [{ filters }] });
}

function hostTo(cluster: string) {
  const value = { clusterSpecifier: { case: "cluster" as const, value: cluster } };
  return { name: "h", domains: ["*"], routes: [{ action: { case: "route" as const, value } }] };
}

type Table = Omit<MessageInitShape<typeof RouteConfigurationSchema>, "name" | "$typeName">;

function table(message: Table): Resource {
  return made(typeUrl.route, RouteConfigurationSchema, { name: "r", ...message });
}

const byDiscovery = managing({ case: "rds", value: { routeConfigName: "r" } });
const scoped = managing({
  case: "scopedRoutes",
  value: { name: "s", configSpecifier: { case: "scopedRds", value: {} } },
});
const scope = (to: string): Resource =>
  made(typeUrl.scopedRoutes, ScopedRouteConfigurationSchema, { name: "s", routeConfigurationName: to });

test.each<[string, readonly Resource[], readonly string[]]>([
  [
    "routes of the listener itself",
    [managing({ case: "routeConfig", value: { name: "r", virtualHosts: [hostTo("nowhere")] } })],
    ["routes r: no cluster nowhere"],
  ],
  [
    "the chain for all other connections",
    [
      made(typeUrl.listener, ListenerSchema, {
        name: "l",
        defaultFilterChain: {
          filters: [
            filterOf(HttpConnectionManagerSchema, {
              routeSpecifier: { case: "rds", value: { routeConfigName: "gone" } },
            }),
          ],
        },
      }),
    ],
    ["listener l: no routes gone"],
  ],
  [
    "weights of a TCP proxy",
    [
      made(typeUrl.listener, ListenerSchema, {
        name: "l",
        filterChains: [
          {
            filters: [
              filterOf(TcpProxySchema, {
                clusterSpecifier: { case: "weightedClusters", value: { clusters: [nowhere] } },
              }),
            ],
          },
        ],
      }),
    ],
    ["listener l: no cluster nowhere"],
  ],
  [
    "a filter of the listener",
    [
      made(typeUrl.listener, ListenerSchema, {
        name: "l",
        listenerFilters: [{ name: "late", configType: { case: "configDiscovery", value: {} } }],
      }),
    ],
    ["listener l: no extension late"],
  ],
  [
    "a filter that all routes switch on",
    [byDiscovery, table(ghost)],
    ["routes r: switch on ghost, which is not in the chain"],
  ],
  [
    "a filter that a share of the requests switches on",
    [
      byDiscovery,
      table({
        virtualHosts: [
          {
            name: "h",
            routes: [
              {
                action: {
                  case: "route",
                  value: {
                    clusterSpecifier: {
                      case: "weightedClusters",
                      value: { clusters: [{ ...nowhere, ...ghost }] },
                    },
                  },
                },
              },
            ],
          },
        ],
      }),
    ],
    ["routes r: no cluster nowhere", "routes r: h switches on ghost, which is not in the chain"],
  ],
  [
    "copies of all requests",
    [
      byDiscovery,
      table({
        virtualHosts: [{ name: "h", requestMirrorPolicies: [{ cluster: "one" }] }],
        requestMirrorPolicies: [{ cluster: "all" }, { cluster: "one" }],
      }),
    ],
    ["routes r: no cluster one", "routes r: no cluster all"],
  ],
  ["a scope without routes", [scoped, scope("gone")], ["listener l: no routes gone"]],
  [
    "the routes of a scope",
    [scoped, scope("r"), table({ virtualHosts: [hostTo("nowhere")] })],
    ["routes r: no cluster nowhere"],
  ],
  ["a scope that nobody asks for", [scope("r")], ["scope s: no listener uses it"]],
  [
    "a virtual host on its own",
    [
      byDiscovery,
      table({ vhds: {} }),
      made(typeUrl.virtualHost, VirtualHostSchema, { ...hostTo("nowhere"), name: "r/h" }),
    ],
    ["routes r: no cluster nowhere"],
  ],
  [
    "a virtual host of routes that do not ask for it",
    [
      byDiscovery,
      table({}),
      made(typeUrl.virtualHost, VirtualHostSchema, { ...hostTo("nowhere"), name: "r/h" }),
    ],
    ["virtual host r/h: no routes use it"],
  ],
])("%s", (_, resources, faults) => {
  expect(inconsistencies(snapshot(...resources))).toEqual(faults);
});

test("what cannot be read is told of, and only that", () => {
  const bytes = Uint8Array.of(1, 2, 3, 255);
  const routes = { name: "r", typeUrl: typeUrl.route, version: "1", bytes };
  expect(inconsistencies(snapshot(byDiscovery, routes))).toEqual([
    expect.stringMatching(/^routes r: cannot be read: ./),
  ]);
});
