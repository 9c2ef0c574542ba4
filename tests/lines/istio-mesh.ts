import { strict as assert } from "node:assert";
import { stringify } from "yaml";
import { emulatedServices } from "../../controlplane/cli/emulated-services.ts";
import type { Mesh, Service } from "../../controlplane/mesh/mesh.ts";
import { authority, type Identity, signed } from "../../controlplane/server/certificates.test-helper.ts";
import { type Address, addressPlan } from "../../controlplane/xds/address-plan.ts";
import type { AddressMap, Target } from "../../envoy/emulator/address-map.ts";
import { startEmulator } from "../../envoy/emulator/start-emulator.ts";
import { findEnvoy, startEnvoy } from "../../envoy/index.ts";
import type { Istio, Json, Sidecar, SidecarConfig } from "./istio-config.ts";

/** A mesh whose proxies are Envoys with what Istio made of YAML, one beside each replica, as its injection puts them. */
export interface IstioMesh extends AsyncDisposable {
  /** Where requests from outside find an entry: as an ingress gateway without policies would, in plain text. */
  outside(entry: string): Target;
  /** Where a service finds what it calls. */
  target(from: string, to: string): Target;
}

/** One replica, its application and its sidecar. */
interface Replica {
  readonly name: string;
  readonly service: Service;
  readonly version: string | undefined;
  readonly app: Address;
  /** From 1. */
  readonly index: number;
  readonly hasSidecar: boolean;
}

/** Where others reach a sidecar, as iptables would have it at the address of the pod. */
const inbound = ({ app, index, hasSidecar }: Replica): Address =>
  hasSidecar ? { address: `127.3.0.${index}`, port: app.port } : app;
const adminOf = ({ index }: Replica): string => `127.3.1.${index}`;
/** The address of a service, by which Istio tells connections to stores apart. */
const virtual = (at: number): string => `127.3.2.${at + 1}`;
/** Where an application reaches its own sidecar in the place of a callee, or of all that are known by a name. */
const outbound = ({ index }: Replica, at: number | undefined): string =>
  `127.${100 + index}.0.${at === undefined ? 250 : at + 1}`;

const account = (name: string): string => `spiffe://cluster.local/ns/default/sa/${name}`;

/** `onStores`: stores have sidecars too. Without them nothing looks at connections, and a mesh needs half as many Envoys. */
export async function startIstioMesh(
  istio: Istio,
  { mesh, yaml, onStores }: { readonly mesh: Mesh; readonly yaml: string; readonly onStores: boolean },
): Promise<IstioMesh> {
  const found = await findEnvoy();
  if (found.kind !== "binary") throw new Error("this needs an Envoy binary: set WIRE_ENVOY");
  const addresses = addressPlan(mesh);
  const services = [...mesh.services.values()];
  let index = 0;
  const replicas = services.flatMap((service) =>
    addresses.instances(service.name).map(({ version, ...app }): Replica => {
      const name = version === undefined ? service.name : `${service.name}-${version}`;
      const hasSidecar = onStores || service.protocol !== "tcp";
      return { name, service, version, app, index: ++index, hasSidecar };
    }),
  );
  const entries = services.map((service, at) => serviceEntry(service, virtual(at), replicas));
  const sidecars = replicas.filter(({ hasSidecar }) => hasSidecar);
  const translated = await istio.translate({
    config: [...entries.map((each) => stringify(each)), yaml].join("---\n"),
    proxies: sidecars.map(
      (replica): Sidecar => ({
        name: replica.name,
        address: inbound(replica).address,
        labels: labelsOf(replica),
        serviceAccount: replica.service.name,
      }),
    ),
  });
  // Of each EnvoyFilter it says that it is one.
  const warnings = translated.warnings.filter((each) => !each.includes("exposes internal implementation"));
  assert.deepEqual([translated.error, warnings], [undefined, []]);

  await using stack = new AsyncDisposableStack();
  const root = await authority();
  const envoys = await Promise.allSettled(
    sidecars.map(async (replica) => {
      const identity = await signed(root, account(replica.service.name));
      const config = translated.proxies[replica.name];
      assert(config !== undefined);
      return startEnvoy({
        path: found.path,
        adminAddress: adminOf(replica),
        config: {
          node: { id: `sidecar~${replica.name}`, cluster: replica.name },
          admin: { address: socketAddress({ address: adminOf(replica), port: 9901 }) },
          static_resources: {
            ...placed(config, replica, services),
            secrets: secretsOf(identity, root),
          },
        },
        readyTimeoutMs: 90_000,
      });
    }),
  );
  for (const each of envoys)
    if (each.status === "fulfilled") stack.defer(async () => void (await each.value.stop({ drainMs: 0 })));
  for (const each of envoys) if (each.status === "rejected") throw each.reason;

  const target = (from: string, to: string): Target => {
    const caller = replicas.find(({ name, service }) => name === from || service.name === from);
    const at = services.findIndex(({ name }) => name === to);
    const callee = services[at];
    assert(caller !== undefined && callee !== undefined, `there is no ${from} or no ${to}`);
    const isStore = callee.protocol === "tcp";
    if (isStore && !onStores) return { via: "direct", ...addresses.service(to) };
    return { via: "proxy", address: outbound(caller, isStore ? at : undefined), port: callee.port };
  };
  const map: AddressMap = Object.fromEntries(
    replicas.map(({ name, service, version }) => [
      version === undefined ? service.name : `${service.name}@${version}`,
      Object.fromEntries(
        mesh.calls.filter(({ from }) => from === service.name).map(({ to }) => [to, target(name, to)]),
      ),
    ]),
  );
  const emulator = await startEmulator({
    services: emulatedServices(mesh, addresses),
    addresses: { revision: "istio", map },
  });
  stack.defer(() => emulator.close());
  const running = stack.move();
  return {
    outside(entry) {
      const replica = replicas.find(({ service }) => service.name === entry);
      assert(replica !== undefined, `there is no ${entry}`);
      return { via: "proxy", ...inbound(replica) };
    },
    target,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function labelsOf({ service, version }: Replica): Readonly<Record<string, string>> {
  return { app: service.name, ...(version === undefined ? {} : { version }) };
}

/** What Kubernetes would tell Istio of a service and its pods. */
function serviceEntry(service: Service, address: string, replicas: readonly Replica[]): Json {
  const protocol = service.protocol.toUpperCase();
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name: service.name },
    spec: {
      hosts: [`${service.name}.default.svc.cluster.local`],
      addresses: [address],
      location: "MESH_INTERNAL",
      resolution: "STATIC",
      ports: [{ number: service.port, name: service.protocol, protocol }],
      endpoints: replicas
        .filter((replica) => replica.service === service)
        .map((replica) => ({
          address: inbound(replica).address,
          // Its sidecar speaks mutual TLS: the label that injection sets.
          labels: {
            ...labelsOf(replica),
            ...(replica.hasSidecar ? { "security.istio.io/tlsMode": "istio" } : {}),
          },
          serviceAccount: service.name,
        })),
    },
  };
}

/**
 * The same configuration for an Envoy that no iptables sends connections to: listeners are where these would have been meant for. What it would have asked Istio and Istio's agent for
 * by other streams (routes, endpoints, secrets) stands in it.
 */
function placed(config: SidecarConfig, replica: Replica, services: readonly Service[]): Json {
  const routes = new Map(config.routes.map((each) => [each["name"], each]));
  const endpoints = new Map(config.endpoints.map((each) => [each["cluster_name"], each]));
  const listeners = config.listeners.flatMap((listener) => {
    const place = placeOf(listener, replica, services);
    if (place === undefined) return [];
    const { bind_to_port: _, listener_filters: filters, ...rest } = listener;
    const kept = ((filters ?? []) as Json[]).filter(
      ({ name }) => name !== "envoy.filters.listener.original_dst",
    );
    return [{ ...rest, address: socketAddress(place), listener_filters: kept }];
  });
  const clusters = config.clusters.map((cluster) => {
    const { eds_cluster_config: eds, ...rest } = cluster;
    const name = String(cluster["name"]);
    if (eds !== undefined) {
      const { service_name: known } = eds as Json;
      const assignment = endpoints.get(known ?? name) ?? { endpoints: [] };
      return { ...rest, type: "STATIC", load_assignment: { ...assignment, cluster_name: name } };
    }
    if (!/^inbound\|\d+\|/.test(name)) return cluster;
    const { lb_policy: _, upstream_bind_config: __, ...own } = rest;
    const local = { endpoint: { address: socketAddress(replica.app) } };
    const load_assignment = { cluster_name: name, endpoints: [{ lb_endpoints: [local] }] };
    return { ...own, type: "STATIC", load_assignment };
  });
  const inline = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inline);
    if (typeof value !== "object" || value === null) return value;
    const { rds, sds_config: _, ...rest } = value as Json;
    const entries = Object.entries(rest).map(([name, each]) => [name, inline(each)] as const);
    if (rds === undefined) return Object.fromEntries(entries);
    const route = routes.get((rds as Json)["route_config_name"]);
    assert(route !== undefined, "Istio gives each listener its routes");
    return Object.fromEntries([...entries, ["route_config", route]]);
  };
  return inline({ listeners, clusters }) as Json;
}

function placeOf(listener: Json, replica: Replica, services: readonly Service[]): Address | undefined {
  const name = String(listener["name"]);
  if (name === "virtualInbound") return inbound(replica);
  const [, address = "", port = ""] = /^(.+)_(\d+)$/.exec(name) ?? [];
  if (address === "0.0.0.0") return { address: outbound(replica, undefined), port: Number(port) };
  const at = services.findIndex((_, each) => virtual(each) === address);
  return at === -1 ? undefined : { address: outbound(replica, at), port: Number(port) };
}

function secretsOf(identity: Identity, root: Identity): readonly Json[] {
  const inline = (inline_string: string): Json => ({ inline_string });
  return [
    {
      name: "default",
      tls_certificate: {
        certificate_chain: inline(identity.certificate),
        private_key: inline(identity.key),
      },
    },
    { name: "ROOTCA", validation_context: { trusted_ca: inline(root.certificate) } },
  ];
}

function socketAddress({ address, port }: Address): Json {
  return { socket_address: { address, port_value: port } };
}
