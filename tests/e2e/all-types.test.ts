import { createHash } from "node:crypto";
import { get } from "node:http";
import { get as getSecurely } from "node:https";
import { text } from "node:stream/consumers";
import { TLSSocket } from "node:tls";
import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { AnySchema, StructSchema } from "@bufbuild/protobuf/wkt";
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
import { bootstrap, findEnvoy, startEnvoy } from "../../envoy/index.ts";

// What Wire's own snapshots never hold: secrets, values for the runtime, scopes, and virtual hosts of their own, in an Envoy.

const ports = { scoped: 10_001, hosts: 10_002, secure: 10_003 };

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
    commonTlsContext: { tlsCertificateSdsSecretConfigs: [{ name: "certificate", sdsConfig: ads() }] },
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

function table(name: string, hosts: readonly ReturnType<typeof host>[], vhds = false): Resource {
  const message = create(RouteConfigurationSchema, {
    name,
    virtualHosts: [...hosts],
    ...(vhds ? { vhds: { configSource: ads() } } : {}),
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
  ["DELTA_GRPC", "127.90.18.1"],
  ["GRPC", "127.90.18.2"],
])("%s: an Envoy has what each discovery service gives, and what changes there", async (form, address) => {
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
        rdsConfigSource: ads(),
        configSpecifier: { case: "scopedRds", value: { scopedRdsConfigSource: ads() } },
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
      routeSpecifier: { case: "rds", value: { routeConfigName, configSource: ads() } },
    }).routeSpecifier;
  const by = await authority();
  const identities = [await signed(by, "spiffe://a/one"), await signed(by, "spiffe://a/two")] as const;
  const given = (round: 0 | 1): Snapshot =>
    snapshot(
      runtime(`round ${round}`),
      secret(identities[round]),
      listener(address, "scoped", manager.routeSpecifier),
      listener(address, "secure", rds("secure")),
      ...(isDelta
        ? [
            listener(address, "hosts", rds("hosts")),
            table("hosts", [], true),
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
  server.setSnapshot("a", given(0));
  const usual = bootstrap({
    ...{ nodeId: "a", cluster: "a", adminAddress: address, xdsAddress: "127.0.0.1", xdsPort: server.port },
  }) as { readonly dynamic_resources: { readonly ads_config: object } };
  const envoy = await startEnvoy({
    ...{ path: found.path, adminAddress: address },
    config: {
      ...usual,
      dynamic_resources: {
        ...usual.dynamic_resources,
        ads_config: { ...usual.dynamic_resources.ads_config, api_type: form },
      },
      layered_runtime: {
        layers: [
          {
            name: "values",
            rtds_layer: { name: "values", rtds_config: { ads: {}, resource_api_version: "V3" } },
          },
        ],
      },
    },
  });
  onTestFinished(async () => void (await envoy.stop({ drainMs: 0 })));
  const values = async (): Promise<string> =>
    (await fetch(`http://${address}:${envoy.adminPort}/runtime`)).text();
  const certificates = new Set<string>();
  for (const round of [0, 1] as const) {
    if (round === 1) server.setSnapshot("a", given(1));
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
});
