import { createHash } from "node:crypto";
import { createServer, get } from "node:http";
import { get as getSecurely } from "node:https";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { TLSSocket } from "node:tls";
import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { AnySchema, DurationSchema, StructSchema } from "@bufbuild/protobuf/wkt";
import { expect, onTestFinished, test } from "vitest";
import { authority, signed } from "../../controlplane/server/certificates.test-helper.ts";
import {
  byName,
  createXdsServer,
  inconsistencies,
  type Resource,
  resource,
  type Snapshot,
  type TypeUrl,
  typeUrl,
} from "../../controlplane/server/index.ts";
import { ads } from "../../controlplane/xds/config-source.ts";
import {
  Cluster_DiscoveryType,
  ClusterSchema,
} from "../../controlplane/xds/generated/envoy/config/cluster/v3/cluster_pb.ts";
import {
  ApiConfigSource_ApiType,
  ApiVersion,
  type ConfigSource,
  ConfigSourceSchema,
} from "../../controlplane/xds/generated/envoy/config/core/v3/config_source_pb.ts";
import { ClusterLoadAssignmentSchema } from "../../controlplane/xds/generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import { ListenerSchema } from "../../controlplane/xds/generated/envoy/config/listener/v3/listener_pb.ts";
import { VirtualHostSchema } from "../../controlplane/xds/generated/envoy/config/route/v3/route_components_pb.ts";
import { RouteConfigurationSchema } from "../../controlplane/xds/generated/envoy/config/route/v3/route_pb.ts";
import { ScopedRouteConfigurationSchema } from "../../controlplane/xds/generated/envoy/config/route/v3/scoped_route_pb.ts";
import { RouterSchema } from "../../controlplane/xds/generated/envoy/extensions/filters/http/router/v3/router_pb.ts";
import {
  type HttpConnectionManager,
  HttpConnectionManagerSchema,
} from "../../controlplane/xds/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { TlsCertificateSchema } from "../../controlplane/xds/generated/envoy/extensions/transport_sockets/tls/v3/common_pb.ts";
import { DownstreamTlsContextSchema } from "../../controlplane/xds/generated/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts";
import { anyOf } from "../../controlplane/xds/resource.ts";
import { bootstrap, xdsCluster } from "../../envoy/bootstrap.ts";
import { findEnvoy, startEnvoy } from "../../envoy/index.ts";

// What Wire's own snapshots never hold (secrets, values for the runtime, scopes, virtual hosts of their own), and streams as its own proxies
// never have them, in an Envoy.

const ports = { scoped: 10_001, hosts: 10_002, secure: 10_003, led: 10_004 };
const appPort = 10_005;

/** Where an Envoy asks: on the one aggregated stream, or on one for each type and more. */
function sourceOf(form: string, isAggregated: boolean): ConfigSource {
  if (isAggregated) return ads();
  return create(ConfigSourceSchema, {
    resourceApiVersion: ApiVersion.V3,
    initialFetchTimeout: create(DurationSchema, { seconds: 0n }),
    configSourceSpecifier: {
      case: "apiConfigSource",
      value: {
        apiType: form === "GRPC" ? ApiConfigSource_ApiType.GRPC : ApiConfigSource_ApiType.DELTA_GRPC,
        transportApiVersion: ApiVersion.V3,
        grpcServices: [{ targetSpecifier: { case: "envoyGrpc", value: { clusterName: xdsCluster } } }],
      },
    },
  });
}

function host(name: string, domain: string, says: string) {
  return {
    name,
    domains: [domain],
    routes: [
      {
        match: { pathSpecifier: { case: "prefix" as const, value: "/" } },
        action: {
          case: "directResponse" as const,
          value: { status: 200, body: { specifier: { case: "inlineString" as const, value: says } } },
        },
      },
    ],
  };
}

function listener(
  source: ConfigSource,
  address: string,
  name: keyof typeof ports,
  routeSpecifier: HttpConnectionManager["routeSpecifier"],
): Resource {
  const onDemand = "type.googleapis.com/envoy.extensions.filters.http.on_demand.v3.OnDemand";
  const manager = create(HttpConnectionManagerSchema, {
    statPrefix: name,
    routeSpecifier,
    httpFilters: [
      {
        name: "on-demand",
        configType: { case: "typedConfig", value: create(AnySchema, { typeUrl: onDemand }) },
      },
      {
        name: "router",
        configType: { case: "typedConfig", value: anyOf(RouterSchema, create(RouterSchema)) },
      },
    ],
  });
  const tls = create(DownstreamTlsContextSchema, {
    commonTlsContext: { tlsCertificateSdsSecretConfigs: [{ name: "certificate", sdsConfig: source }] },
  });
  const message = create(ListenerSchema, {
    name,
    address: {
      address: {
        case: "socketAddress",
        value: { address, portSpecifier: { case: "portValue", value: ports[name] } },
      },
    },
    filterChains: [
      {
        filters: [
          {
            name: "http",
            configType: { case: "typedConfig", value: anyOf(HttpConnectionManagerSchema, manager) },
          },
        ],
        ...(name === "secure"
          ? {
              transportSocket: {
                name: "tls",
                configType: { case: "typedConfig" as const, value: anyOf(DownstreamTlsContextSchema, tls) },
              },
            }
          : {}),
      },
    ],
  });
  return resource(name, typeUrl.listener, ListenerSchema, message);
}

/** A message of a name, and what the second field holds. */
function named(type: TypeUrl, name: string, second: Uint8Array): Resource {
  const bytes = new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .string(name)
    .tag(2, WireType.LengthDelimited)
    .bytes(second)
    .finish();
  return {
    name,
    typeUrl: type,
    version: createHash("sha256").update(bytes).digest("hex").slice(0, 16),
    bytes,
  };
}

function runtime(value: string): Resource {
  return named(
    typeUrl.runtime,
    "values",
    toBinary(
      StructSchema,
      create(StructSchema, { fields: { "wire.test": { kind: { case: "stringValue", value } } } }),
    ),
  );
}

function secret({ certificate, key }: { readonly certificate: string; readonly key: string }): Resource {
  const inline = (value: string) => ({ specifier: { case: "inlineString" as const, value } });
  const message = create(TlsCertificateSchema, {
    certificateChain: inline(certificate),
    privateKey: inline(key),
  });
  return named(typeUrl.secret, "certificate", toBinary(TlsCertificateSchema, message));
}

function scope(name: string, to: string): Resource {
  const message = create(ScopedRouteConfigurationSchema, {
    name,
    routeConfigurationName: to,
    key: { fragments: [{ type: { case: "stringKey", value: name } }] },
  });
  return resource(name, typeUrl.scopedRoutes, ScopedRouteConfigurationSchema, message);
}

function table(name: string, hosts: readonly ReturnType<typeof host>[], vhds?: ConfigSource): Resource {
  const message = create(RouteConfigurationSchema, {
    name,
    virtualHosts: [...hosts],
    ...(vhds === undefined ? {} : { vhds: { configSource: vhds } }),
  });
  return resource(name, typeUrl.route, RouteConfigurationSchema, message);
}

function cluster(source: ConfigSource, name: string): Resource {
  const message = create(ClusterSchema, {
    name,
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: { edsConfig: source },
  });
  return resource(name, typeUrl.cluster, ClusterSchema, message);
}

function endpoints(name: string, address: string): Resource {
  const message = create(ClusterLoadAssignmentSchema, {
    clusterName: name,
    endpoints: [
      {
        lbEndpoints: [
          {
            hostIdentifier: {
              case: "endpoint",
              value: {
                address: {
                  address: {
                    case: "socketAddress",
                    value: { address, portSpecifier: { case: "portValue", value: appPort } },
                  },
                },
              },
            },
          },
        ],
      },
    ],
  });
  return resource(name, typeUrl.endpoints, ClusterLoadAssignmentSchema, message);
}

function leading(name: string, to: string): Resource {
  const message = create(RouteConfigurationSchema, {
    name,
    validateClusters: true,
    virtualHosts: [
      {
        name,
        domains: ["*"],
        routes: [
          {
            match: { pathSpecifier: { case: "prefix", value: "/" } },
            action: { case: "route", value: { clusterSpecifier: { case: "cluster", value: to } } },
          },
        ],
      },
    ],
  });
  return resource(name, typeUrl.route, RouteConfigurationSchema, message);
}

function virtualHost(name: string, domain: string, says: string): Resource {
  const made = resource(
    `hosts/${name}`,
    typeUrl.virtualHost,
    VirtualHostSchema,
    create(VirtualHostSchema, { ...host(`hosts/${name}`, domain, says) }),
  );
  return made.name === `hosts/${domain}` ? made : { ...made, aliases: [`hosts/${domain}`] };
}

function snapshot(...resources: readonly Resource[]): Snapshot {
  return new Map(
    Object.values(typeUrl).map((type) => [type, byName(resources.filter((each) => each.typeUrl === type))]),
  );
}

/** What the listener with a certificate says, and a hash of that. */
function securely(address: string): Promise<readonly [said: string, certificate: string]> {
  return new Promise((resolve, reject) => {
    getSecurely(
      { host: address, port: ports.secure, rejectUnauthorized: false, agent: false },
      (response) => {
        const { socket } = response;
        const certificate = socket instanceof TLSSocket ? socket.getPeerCertificate().fingerprint256 : "";
        text(response).then((said) => resolve([said, certificate]), reject);
      },
    ).on("error", reject);
  });
}

function ask(host: string, port: number, headers: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host, port, headers, agent: false }, (response) => {
      text(response).then((said) => resolve(`${response.statusCode} ${said}`), reject);
    }).on("error", reject);
  });
}

test.each([
  ["DELTA_GRPC", true, "127.90.18.1"],
  ["GRPC", true, "127.90.18.2"],
  ["DELTA_GRPC", false, "127.90.18.3"],
  ["GRPC", false, "127.90.18.4"],
] as const)(
  "%s, aggregated: %s: an Envoy has what each discovery service gives, and what changes there",
  async (form, isAggregated, address) => {
    const source = sourceOf(form, isAggregated);
    const json = isAggregated
      ? { ads: {}, resource_api_version: "V3" }
      : {
          resource_api_version: "V3",
          initial_fetch_timeout: "0s",
          api_config_source: {
            api_type: form,
            transport_api_version: "V3",
            grpc_services: [{ envoy_grpc: { cluster_name: xdsCluster } }],
          },
        };
    const server = await createXdsServer({ listen: { host: "127.0.0.1", port: 0 } });
    onTestFinished(() => server.close());
    const isDelta = form === "DELTA_GRPC";
    const found = await findEnvoy();
    if (found.kind !== "binary") throw new Error("this test runs an Envoy process");
    const manager = create(HttpConnectionManagerSchema, {
      routeSpecifier: {
        case: "scopedRoutes",
        value: {
          name: "scopes",
          rdsConfigSource: source,
          configSpecifier: { case: "scopedRds", value: { scopedRdsConfigSource: source } },
          scopeKeyBuilder: {
            fragments: [
              {
                type: {
                  case: "headerValueExtractor",
                  value: { name: "x-scope", elementSeparator: ",", extractType: { case: "index", value: 0 } },
                },
              },
            ],
          },
        },
      },
    });
    const rds = (routeConfigName: string): HttpConnectionManager["routeSpecifier"] =>
      create(HttpConnectionManagerSchema, {
        routeSpecifier: { case: "rds", value: { routeConfigName, configSource: source } },
      }).routeSpecifier;
    const by = await authority();
    const identities = [await signed(by, "spiffe://a/one"), await signed(by, "spiffe://a/two")] as const;
    const given = (round: 0 | 1): Snapshot =>
      snapshot(
        runtime(`round ${round}`),
        secret(identities[round]),
        listener(source, address, "scoped", manager.routeSpecifier),
        listener(source, address, "secure", rds("secure")),
        listener(source, address, "led", rds("led")),
        leading("led", `app-${round}`),
        cluster(source, `app-${round}`),
        endpoints(`app-${round}`, address),
        ...(isDelta
          ? [
              listener(source, address, "hosts", rds("hosts")),
              table("hosts", [], source),
              virtualHost("a.test", "a.test", `a ${round}`),
              ...(round === 0 ? [virtualHost("other", "b.test", "b")] : []),
            ]
          : []),
        scope("one", "r-one"),
        ...(round === 1 ? [scope("two", "r-two"), table("r-two", [host("h", "*", "two")])] : []),
        table("r-one", [host("h", "*", `one ${round}`)]),
        table("secure", [host("h", "*", `secure ${round}`)]),
      );
    for (const round of [0, 1] as const) expect(inconsistencies(given(round))).toEqual([]);
    const app = createServer((_, response) => response.end("app"));
    await new Promise<void>((done) => app.listen(appPort, address, done));
    onTestFinished(() => void app.close());
    server.setSnapshot("a", given(0));
    const usual = bootstrap({
      ...{ nodeId: "a", cluster: "a", adminAddress: address, xdsAddress: "127.0.0.1", xdsPort: server.port },
    }) as { readonly dynamic_resources: { readonly ads_config: object } };
    const envoy = await startEnvoy({
      ...{ path: found.path, adminAddress: address },
      config: {
        ...usual,
        dynamic_resources: {
          ...(isAggregated ? { ads_config: { ...usual.dynamic_resources.ads_config, api_type: form } } : {}),
          lds_config: json,
          cds_config: json,
        },
        layered_runtime: {
          layers: [
            {
              name: "values",
              rtds_layer: { name: "values", rtds_config: json },
            },
          ],
        },
      },
    });
    onTestFinished(async () => void (await envoy.stop({ drainMs: 0 })));
    const values = async (): Promise<string> =>
      (await fetch(`http://${address}:${envoy.adminPort}/runtime`)).text();
    const certificates = new Set<string>();
    const answers: Promise<string>[] = [];
    let asking: NodeJS.Timeout | undefined;
    onTestFinished(() => clearInterval(asking));
    for (const round of [0, 1] as const) {
      if (round === 1) {
        asking = setInterval(() => answers.push(ask(address, ports.led, {})), 2);
        await sleep(100);
        server.setSnapshot("a", given(1));
      }
      expect(await server.waitForAcks("a", 10_000)).toEqual({ kind: "acked" });
      const inScope = (name: string): Promise<string> => ask(address, ports.scoped, { "x-scope": name });
      await expect.poll(() => inScope("one")).toBe(`200 one ${round}`);
      await expect.poll(() => inScope("two")).toMatch(round === 0 ? /^404/ : /^200 two$/);
      await expect.poll(values).toContain(`round ${round}`);
      await expect.poll(async () => (await securely(address))[0]).toBe(`secure ${round}`);
      certificates.add((await securely(address))[1]);
      expect(certificates.size).toBe(round + 1);
      if (!isDelta) continue;
      const at = (name: string): Promise<string> => ask(address, ports.hosts, { host: name });
      await expect.poll(() => at("a.test")).toBe(`200 a ${round}`);
      await expect.poll(() => at("b.test")).toMatch(round === 0 ? /^200 b$/ : /^404/);
      expect(await at("c.test")).toMatch(/^404/);
    }
    expect(await server.waitForAcks("a", 10_000)).toEqual({ kind: "acked" });
    clearInterval(asking);
    // From one cluster to the other, which is gone: no request has met a moment without.
    expect(answers.length).toBeGreaterThan(10);
    expect(new Set(await Promise.all(answers))).toEqual(new Set(["200 app"]));
    expect((await envoy.stats("cluster_manager")).get("cluster_manager.cluster_removed")).toBe(1);
  },
);
