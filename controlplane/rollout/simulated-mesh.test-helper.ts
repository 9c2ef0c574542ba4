import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack, StringValueSchema } from "@bufbuild/protobuf/wkt";
import type { Build } from "../pipeline/build.ts";
import {
  type Content,
  createSimulatedEnvoy,
  type MemoryCall,
  type SimulatedEnvoy,
} from "../server/simulated-envoy.test-helper.ts";
import { type AddressMap, outside } from "../xds/address-map.ts";
import { addressPlan } from "../xds/address-plan.ts";
import { managersOf } from "../xds/decode.ts";
import type { SocketAddress } from "../xds/generated/envoy/config/core/v3/address_pb.ts";
import { TypedExtensionConfigSchema } from "../xds/generated/envoy/config/core/v3/extension_pb.ts";
import { ClusterLoadAssignmentSchema } from "../xds/generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import { ListenerSchema } from "../xds/generated/envoy/config/listener/v3/listener_pb.ts";
import { RouteConfigurationSchema } from "../xds/generated/envoy/config/route/v3/route_pb.ts";
import { WasmSchema } from "../xds/generated/envoy/extensions/filters/http/wasm/v3/wasm_pb.ts";
import { type TypeUrl, typeUrl } from "../xds/type-url.ts";
import type { ControlPlane } from "./control-plane.ts";

/** What a simulated proxy reads in Wire's own resources. */
export interface ProxyContent extends Content {
  readonly name: string;
  /** Of a listener: where it is. */
  readonly at?: string;
  /** Of a listener: filters that refuse requests before their module is there. */
  readonly closed?: readonly string[];
  /** Of routes. */
  readonly hosts?: readonly Host[];
  /** Of endpoints: where they are. */
  readonly places?: readonly string[];
  /** Of an extension: what it enforces. */
  readonly policies?: readonly Enforced[];
}

interface Host {
  readonly domains: readonly string[];
  readonly filters: readonly string[];
  readonly clusters: readonly string[];
}

interface Enforced {
  readonly policy: string;
  readonly direction: string;
  /** Whether it is for this peer: an address inbound, a service outbound. */
  readonly isFor: (peer: string) => boolean;
}

const read = new Map<string, ProxyContent>();

/** `isBad`: whether the proxies refuse a module that is configured so. */
export function proxyContent(
  isBad: (configuration: string) => boolean,
): (type: TypeUrl, bytes: Uint8Array) => ProxyContent {
  return (type, bytes) => {
    const key = `${type} ${Buffer.from(bytes).toString("latin1")}`;
    const known = read.get(key) ?? decoded(type, bytes, isBad);
    read.set(key, known);
    return known;
  };
}

function decoded(type: TypeUrl, bytes: Uint8Array, isBad: (configuration: string) => boolean): ProxyContent {
  switch (type) {
    case typeUrl.listener: {
      const listener = fromBinary(ListenerSchema, bytes);
      const filters = managersOf(listener)
        .flatMap((manager) => manager.httpFilters)
        .flatMap(({ name, configType }) =>
          configType.case === "configDiscovery" ? [{ name, config: configType.value.defaultConfig }] : [],
        );
      const [manager] = managersOf(listener);
      const routes = manager?.routeSpecifier;
      const { address } = listener.address ?? {};
      return {
        name: listener.name,
        ...(routes?.case === "rds" ? { routes: routes.value.routeConfigName } : {}),
        at: address?.case === "socketAddress" ? placeOf(address.value) : "nowhere",
        filters: filters.map(({ name }) => name),
        closed: filters.flatMap(({ name, config }) => (config?.value.length ? [name] : [])),
        hasDefaults: true,
      };
    }
    case typeUrl.route: {
      const { name, virtualHosts } = fromBinary(RouteConfigurationSchema, bytes);
      const hosts = virtualHosts.map(({ domains, typedPerFilterConfig, routes }) => ({
        domains,
        filters: Object.keys(typedPerFilterConfig),
        clusters: routes.flatMap(({ action }) =>
          action.case === "route" && action.value.clusterSpecifier.case === "cluster"
            ? [action.value.clusterSpecifier.value]
            : [],
        ),
      }));
      return {
        name,
        hosts,
        clusters: hosts.flatMap(({ clusters }) => clusters),
        filters: hosts.flatMap(({ filters }) => filters),
      };
    }
    case typeUrl.endpoints: {
      const { clusterName, endpoints } = fromBinary(ClusterLoadAssignmentSchema, bytes);
      const places = endpoints
        .flatMap(({ lbEndpoints }) => lbEndpoints)
        .flatMap(({ hostIdentifier }) => {
          const address =
            hostIdentifier.case === "endpoint" ? hostIdentifier.value.address?.address : undefined;
          return address?.case === "socketAddress" ? [placeOf(address.value)] : [];
        });
      return { name: clusterName, places };
    }
    case typeUrl.extension: {
      const { name, typedConfig } = fromBinary(TypedExtensionConfigSchema, bytes);
      const plugin = typedConfig && anyUnpack(typedConfig, WasmSchema)?.config;
      const text = (plugin?.configuration && anyUnpack(plugin.configuration, StringValueSchema)?.value) ?? "";
      return { name, policies: policiesIn(text), bad: isBad(text) };
    }
    default:
      return { name: "" };
  }
}

function placeOf({ address, portSpecifier }: SocketAddress): string {
  return `${address}:${portSpecifier.case === "portValue" ? portSpecifier.value : 0}`;
}

/** The lines of a plugin's configuration. */
function policiesIn(configuration: string): readonly Enforced[] {
  const lines = configuration.split("\n").map((line) => line.split("\t"));
  const addresses = new Map(
    lines.flatMap(([fact, name = "", list = ""]) => (fact === "@peer" ? [[name, list.split(",")]] : [])),
  );
  return lines
    .filter(([name = ""]) => name !== "" && !name.startsWith("@"))
    .map(([policy = "", direction = "", peers = ""]): Enforced => {
      const names = peers.replace(/^!/, "").split(",");
      const list = direction === "inbound" ? names.flatMap((name) => addresses.get(name) ?? []) : names;
      const isFor = (peer: string): boolean => peers === "*" || list.includes(peer) !== peers.startsWith("!");
      return { policy, direction, isFor };
    });
}

/** A mesh of simulated proxies and callers that are led by a control plane. */
export interface SimulatedMesh {
  readonly proxies: ReadonlyMap<string, SimulatedEnvoy<ProxyContent>>;
  /** Callers that have been told of other addresses and have not moved. */
  readonly waitingCallers: () => readonly string[];
  /** The caller goes to the new places, and says so. */
  readonly move: (caller: string) => void;
  /** Services that are to have a proxy and have none, or the reverse. */
  readonly waitingProxies: () => readonly string[];
  /** Start the proxy of a service, or end it, as it is to be. */
  readonly startOrStop: (service: string) => void;
  /**
   * How a request of this call may end now, by each way that it may take: which policies it met. A service sends from wherever one of these
   * has reached it before, since it may still have that in hand.
   */
  readonly outcomes: (from: string | null, to: string) => readonly Outcome[];
  /** How many proxies have no stream. */
  readonly away: () => number;
  readonly stop: () => void;
}

export type Outcome =
  | { readonly kind: "reached"; readonly policies: readonly string[] }
  | { readonly kind: "failed"; readonly why: string };

const somewhereElse = "203.0.113.7";

export function createSimulatedMesh(options: {
  /** Its services run wherever it has endpoints. */
  readonly mesh: Build["mesh"];
  readonly controlPlane: Pick<ControlPlane, "addresses" | "proxies">;
  readonly open: () => MemoryCall;
  readonly read: (type: TypeUrl, bytes: Uint8Array) => ProxyContent;
}): SimulatedMesh {
  const { mesh, controlPlane } = options;
  const addresses = addressPlan(mesh);
  const proxies = new Map<string, SimulatedEnvoy<ProxyContent>>();
  /** By service, where requests have reached it. */
  const reached = new Map<string, Set<string>>();
  let wanted: readonly string[] = [];
  const callers = new Map<string, { told?: [string, AddressMap]; at?: AddressMap }>();
  const following = [
    controlPlane.proxies.follow(({ value }) => {
      wanted = value;
    }),
    ...[outside, ...mesh.services.keys()].map((name) =>
      controlPlane.addresses.follow(({ revision, value }) => {
        callers.set(name, { ...callers.get(name), told: [revision, value] });
      }, name),
    ),
  ];

  function move(name: string): void {
    const { told } = callers.get(name) ?? {};
    if (told === undefined) return;
    callers.set(name, { at: told[1] });
    controlPlane.addresses.acknowledge(name, told[0]);
  }

  function outcomes(from: string | null, to: string): readonly Outcome[] {
    const caller = from ?? outside;
    const targets = callers.get(caller)?.at?.[caller]?.[to] ?? [];
    const sources = from === null ? [somewhereElse] : [...(reached.get(from) ?? [])];
    return sources.flatMap((source) =>
      targets.flatMap(({ address, port }) => arriveAt(`${address}:${port}`, source, to, [])),
    );
  }

  function arriveAt(place: string, source: string, to: string, met: readonly string[]): readonly Outcome[] {
    const copy = addresses.instances(to).find(({ address, port }) => place === `${address}:${port}`);
    if (copy !== undefined) {
      reached.set(to, (reached.get(to) ?? new Set()).add(copy.address));
      return [{ kind: "reached", policies: met }];
    }
    for (const [service, proxy] of proxies)
      for (const listener of proxy.listeners())
        if (listener.at === place) return through(service, proxy, listener, source, to, met);
    return [{ kind: "failed", why: `nobody listens at ${place} for ${to}` }];
  }

  function through(
    service: string,
    proxy: SimulatedEnvoy<ProxyContent>,
    listener: ProxyContent,
    source: string,
    to: string,
    met: readonly string[],
  ): readonly Outcome[] {
    const direction = listener.name.split("/")[0];
    const routes = proxy.content(typeUrl.route, listener.routes ?? "");
    const host = routes?.hosts?.find(({ domains }) => domains.includes("*") || domains.includes(to));
    if (host === undefined) return [{ kind: "failed", why: `${listener.name} has no route to ${to}` }];
    const here: string[] = [];
    for (const filter of listener.filters ?? []) {
      if (!host.filters.includes(filter)) continue;
      const extension = proxy.content(typeUrl.extension, filter);
      if (extension === undefined && listener.closed?.includes(filter))
        return [{ kind: "failed", why: `${filter} refuses, since its module is not there` }];
      const peer = direction === "inbound" ? source : to;
      for (const { policy, direction: side, isFor } of extension?.policies ?? [])
        if (side === direction && isFor(peer)) here.push(policy);
    }
    const policies = [...met, ...here];
    return host.clusters.flatMap((cluster) => {
      const places = proxy.content(typeUrl.endpoints, cluster)?.places ?? [];
      if (places.length === 0) return [{ kind: "failed" as const, why: `${cluster} has no endpoints` }];
      return places.flatMap((place) => arriveAt(place, addresses.proxy(service), to, policies));
    });
  }

  return {
    proxies,
    waitingCallers: () => [...callers].flatMap(([name, { told }]) => (told === undefined ? [] : [name])),
    move,
    waitingProxies: () => [
      ...wanted.filter((service) => !proxies.has(service)),
      ...[...proxies.keys()].filter((service) => !wanted.includes(service)),
    ],
    startOrStop: (service) => {
      const running = proxies.get(service);
      if (running === undefined) {
        const { open, read: reader } = options;
        proxies.set(service, createSimulatedEnvoy({ node: service, open, read: reader, names: () => true }));
      } else {
        running.stop();
        proxies.delete(service);
      }
    },
    outcomes,
    away: () => [...proxies.values()].filter((proxy) => proxy.isAway()).length,
    stop: () => {
      for (const each of following) each.stop();
      for (const proxy of proxies.values()) proxy.stop();
    },
  };
}
