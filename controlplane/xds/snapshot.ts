import { strict as assert } from "node:assert";
import type { Chain, Slot } from "../codegen/module.ts";
import type { Mesh, Service } from "../mesh/mesh.ts";
import type { Placement } from "../placement/placement.ts";
import type { AddressPlan, Instance } from "./address-plan.ts";
import { cluster } from "./cluster.ts";
import { extension } from "./extension.ts";
import { listener, routesName } from "./listener.ts";
import { byName, type Resource, type Resources } from "./resource.ts";
import { type Destination, routes } from "./route.ts";
import { type TypeUrl, typeUrl } from "./type-url.ts";

/** Everything that one proxy should hold. A pure function of policies and mesh. */
export interface ProxySnapshot {
  readonly listeners: Resources;
  readonly clusters: Resources;
  readonly endpoints: Resources;
  readonly routes: Resources;
  readonly extensions: Resources;
}

/** The resources of one type. */
export function resourcesOf(snapshot: ProxySnapshot, type: TypeUrl): Resources {
  switch (type) {
    case typeUrl.cluster:
      return snapshot.clusters;
    case typeUrl.endpoints:
      return snapshot.endpoints;
    case typeUrl.listener:
      return snapshot.listeners;
    case typeUrl.extension:
      return snapshot.extensions;
    case typeUrl.route:
      return snapshot.routes;
    default:
      return type satisfies never;
  }
}

export interface SnapshotInput {
  readonly mesh: Mesh;
  readonly placement: Placement;
  /** What the proxies run. */
  readonly chains: readonly Chain[];
  /** What callers may rely on: a new proxy is sent to when it is ready, one that goes is no longer sent to. */
  readonly reached: readonly Chain[];
  readonly addresses: AddressPlan;
}

/** One snapshot for each placed proxy, by service. A direction without slots is not captured. */
export function proxyResources(input: SnapshotInput): ReadonlyMap<string, ProxySnapshot> {
  return new Map(
    input.placement.proxies.map(({ service }) => [
      service,
      merge([...inbound(input, service), ...outbound(input, service)]),
    ]),
  );
}

/** The inbound listeners of a service that has any: where callers must send. One for each version, or one in all. */
export function inboundListeners(
  input: SnapshotInput,
  name: string,
  chains: readonly Chain[] = input.reached,
): readonly Instance[] {
  if (slotsOf(chains, name, "inbound").length === 0) return [];
  const { address, inboundPort } = input.addresses.proxy(name);
  const versions = [...serviceOf(input.mesh, name).versions.keys()];
  if (versions.length === 0) return [{ address, port: inboundPort }];
  return versions.map((version, index) => ({ address, port: inboundPort + index, version }));
}

function inbound(input: SnapshotInput, name: string): readonly Resource[] {
  const slots = slotsOf(input.chains, name, "inbound");
  const service = serviceOf(input.mesh, name);
  return inboundListeners(input, name, input.chains).flatMap((place) => {
    const full = versioned(name, place.version, "@");
    const listenerName = `inbound/${full}`;
    const target = `local/${versioned(name, place.version, "|")}`;
    const copies = input.addresses
      .instances(name)
      .filter((copy) => place.version === undefined || copy.version === place.version);
    const own = cluster({
      name: target,
      protocol: service.protocol,
      from: place.address,
      endpoints: copies.map((copy) => ({ ...copy, weight: 1 })),
    });
    return [
      listener({ name: listenerName, address: place, direction: "inbound", slots }),
      routes(routesName({ name: listenerName, slots }), [
        {
          service: name,
          domains: ["*"],
          filters: slots.map((slot) => slot.name),
          targets: [{ name: full, cluster: target }],
        },
      ]),
      own.cluster,
      own.endpoints,
      ...slots.map(extension),
    ];
  });
}

function outbound(input: SnapshotInput, name: string): readonly Resource[] {
  const slots = slotsOf(input.chains, name, "outbound");
  if (slots.length === 0) return [];
  const { address, outboundPort } = input.addresses.proxy(name);
  const callees = input.mesh.calls
    .filter((call) => call.from === name)
    .map((call) => serviceOf(input.mesh, call.to))
    // A store is called directly: these are HTTP filters.
    .filter((callee) => callee.protocol !== "tcp");
  const listenerName = `outbound/${name}`;
  return [
    listener({ name: listenerName, address: { address, port: outboundPort }, direction: "outbound", slots }),
    routes(
      routesName({ name: listenerName, slots }),
      callees.map((callee) => destination(input, name, callee, slots)),
    ),
    ...callees.flatMap((callee) => clustersOf(input, callee, address)),
    ...slots.map(extension),
  ];
}

function destination(
  input: SnapshotInput,
  caller: string,
  callee: Service,
  slots: readonly Slot[],
): Destination {
  return {
    service: callee.name,
    domains: [callee.name, `${callee.name}:${callee.port}`],
    filters: slots
      .filter((slot) => concerns(input.placement, slot, caller, callee.name))
      .map((slot) => slot.name),
    targets: [
      ...[...callee.versions.keys()].map((version) => ({
        name: versioned(callee.name, version, "@"),
        cluster: versioned(callee.name, version, "|"),
        when: version,
      })),
      { name: callee.name, cluster: callee.name },
    ],
  };
}

/** Whether the slot runs a policy that is placed on this call: others must not cost it an entry into the VM. */
function concerns(placement: Placement, slot: Slot, caller: string, callee: string): boolean {
  return placement.proxies
    .filter((proxy) => proxy.service === caller)
    .flatMap((proxy) => proxy.policies)
    .some(
      (placed) =>
        placed.side === "egress" &&
        slot.module.policies.includes(placed.policy) &&
        placed.calls.some(([, to]) => to === callee),
    );
}

/** A cluster of all that serve the callee, and one for each version. They lead to its inbound listeners where it has some. */
function clustersOf(input: SnapshotInput, callee: Service, from: string): readonly Resource[] {
  const copies = input.addresses.instances(callee.name);
  const listeners = inboundListeners(input, callee.name);
  const weighted = listeners
    .map((place) => ({
      ...place,
      // One listener stands for all copies of its version.
      weight: copies.filter((copy) => place.version === undefined || copy.version === place.version).length,
    }))
    .filter((place) => place.weight > 0);
  const places = listeners.length > 0 ? weighted : copies.map((copy) => ({ ...copy, weight: 1 }));
  return [undefined, ...callee.versions.keys()].flatMap((version) => {
    const made = cluster({
      name: versioned(callee.name, version, "|"),
      protocol: callee.protocol,
      from,
      endpoints: places.filter((place) => version === undefined || place.version === version),
    });
    return [made.cluster, made.endpoints];
  });
}

/** What a service's proxy runs in one direction, in order. */
export function slotsOf(
  chains: readonly Chain[],
  service: string,
  direction: Chain["direction"],
): readonly Slot[] {
  return chains
    .filter((chain) => chain.service === service && chain.direction === direction)
    .flatMap((chain) => chain.slots);
}

function serviceOf(mesh: Mesh, name: string): Service {
  const service = mesh.services.get(name);
  assert(service !== undefined, `the placement names ${name}, which the mesh does not have`);
  return service;
}

function versioned(name: string, version: string | undefined, separator: "@" | "|"): string {
  return version === undefined ? name : `${name}${separator}${version}`;
}

function merge(resources: readonly Resource[]): ProxySnapshot {
  const of = (type: TypeUrl): Resources => byName(resources.filter((entry) => entry.typeUrl === type));
  return {
    listeners: of(typeUrl.listener),
    clusters: of(typeUrl.cluster),
    endpoints: of(typeUrl.endpoints),
    routes: of(typeUrl.route),
    extensions: of(typeUrl.extension),
  };
}
