import { strict as assert } from "node:assert";
import type { Mesh, Service } from "../mesh/mesh.ts";
import type { Placement } from "../placement/placement.ts";
import type { Address, AddressPlan, Instance } from "./address-plan.ts";
import { cluster } from "./cluster.ts";
import { extension, spareExtension } from "./extension.ts";
import { generationOf } from "./generation.ts";
import { hashingCallers } from "./hashing-callers.ts";
import type { LaidChain, LaidSlot } from "./laid-chain.ts";
import { listener } from "./listener.ts";
import { lateHeaders, leftHeaders, type Machinery, machineryOf, nameOf } from "./machinery.ts";
import { byName, type Resource, type Resources } from "./resource.ts";
import { type RouteTarget, routes } from "./route.ts";
import { networkExtension, tcpListener } from "./tcp-listener.ts";
import { type TypeUrl, typeUrl } from "./type-url.ts";

/** Everything that one proxy should hold. A pure function of policies and mesh. */
export interface ProxySnapshot {
  readonly listeners: Resources;
  readonly clusters: Resources;
  readonly endpoints: Resources;
  readonly routes: Resources;
  readonly extensions: Resources;
}

/** By type, as an xDS server takes it. */
export function byType(snapshot: ProxySnapshot): ReadonlyMap<TypeUrl, Resources> {
  const { clusters, endpoints, extensions, listeners, routes } = snapshot;
  return new Map([
    [typeUrl.cluster, clusters],
    [typeUrl.endpoints, endpoints],
    [typeUrl.extension, extensions],
    [typeUrl.listener, listeners],
    [typeUrl.route, routes],
  ]);
}

export interface SnapshotInput {
  readonly mesh: Mesh;
  readonly addresses: AddressPlan;
  /** One, except while callers move from one to another. */
  readonly ways: readonly Way[];
}

/** Chains that proxies run, and the chains through which their calls are led on. */
export interface Way {
  readonly placement: Placement;
  readonly chains: readonly LaidChain[];
  /** All chains of the build that these are of: what callers do there is part of what their callees need. */
  readonly build: readonly LaidChain[];
  readonly reached: readonly LaidChain[];
}

/** The only way: calls are led through the chains that run. */
export function wayOf({ placement, chains }: Pick<Way, "placement" | "chains">): Way {
  return { placement, chains, build: chains, reached: chains };
}

/** What does not depend on the way. */
export type World = Pick<SnapshotInput, "mesh" | "addresses">;

/** One snapshot for each proxy that has a chain, by service. A direction without slots is not captured. */
export function proxyResources(input: SnapshotInput): ReadonlyMap<string, ProxySnapshot> {
  const services = new Set(input.ways.flatMap((way) => way.chains.map((chain) => chain.service)));
  return new Map(
    [...services]
      .sort()
      .map((service) => [
        service,
        merge(
          input.ways.flatMap((way) => [
            ...inbound(input, way, service),
            ...outbound(input, way, service),
            ...toStores(input, way, service),
            ...toAsked(input, way, service),
          ]),
        ),
      ]),
  );
}

interface InboundListener extends Instance {
  readonly generation: string;
}

/** The inbound listeners that a service has in these chains: where callers must send. One for each version, or one in all. */
export function inboundListeners(
  world: World,
  chains: readonly LaidChain[],
  name: string,
  build: readonly LaidChain[] = chains,
): readonly InboundListener[] {
  if (!chains.some((chain) => chain.service === name && chain.direction === "inbound" && isThere(chain)))
    return [];
  const versions = [...serviceOf(world.mesh, name).versions.keys()];
  const at = (version?: string, index?: number): InboundListener => {
    const chain = chainOf(chains, name, "inbound", version);
    const generation = chain?.generation ?? bareGeneration(world, build, name);
    return { ...world.addresses.listener(name, "inbound", generation, index), generation };
  };
  return versions.length === 0
    ? [at()]
    : versions.map((version, index) => ({ ...at(version, index), version }));
}

/** The outbound listener that a service has in these chains. */
export function outboundListener(
  world: World,
  chains: readonly LaidChain[],
  name: string,
): Address | undefined {
  const chain = chainOf(chains, name, "outbound");
  return chain && world.addresses.listener(name, "outbound", chain.generation);
}

/** The listener that a service has in these chains for its connections to one store. */
export function storeListener(
  world: World,
  chains: readonly LaidChain[],
  name: string,
  callee: string,
): Address | undefined {
  const chain = chains.find((each) => each.service === name && each.callee === callee);
  return chain && world.addresses.listener(name, "outbound", chain.generation);
}

/** Of a version without a policy, where others have some. */
function bareGeneration({ mesh }: World, build: readonly LaidChain[], name: string): string {
  const keysFrom = hashingCallers(mesh, build, name).map((caller) => `keys from ${caller}`);
  return generationOf([...nameOf(machineryOf([], mesh)), ...keysFrom]);
}

function chainOf(
  chains: readonly LaidChain[],
  service: string,
  direction: LaidChain["direction"],
  version?: string,
): LaidChain | undefined {
  return chains.find(
    (chain) =>
      chain.service === service &&
      chain.direction === direction &&
      chain.callee === undefined &&
      isThere(chain) &&
      (chain.version ?? version) === version,
  );
}

/** Whether calls are led through it. */
function isThere({ slots, isBare }: LaidChain): boolean {
  return slots.length > 0 || isBare === true;
}

function inbound(world: World, way: Way, name: string): readonly Resource[] {
  const service = serviceOf(world.mesh, name);
  const keysFrom = hashingCallers(world.mesh, way.build, name).map((caller) => world.addresses.proxy(caller));
  return inboundListeners(world, way.chains, name, way.build).flatMap((place) => {
    const { slots, places } = chainOf(way.chains, name, "inbound", place.version) ?? {
      slots: [],
      places: [],
    };
    const machinery = { ...machineryOf(slots, world.mesh), hashes: keysFrom.length > 0 };
    const full = versioned(name, place.version, "@");
    const listenerName = `inbound/${full}/${place.generation}`;
    const target = `local/${versioned(name, place.version, "|")}${kindOf(machinery)}`;
    const copies = world.addresses
      .instances(name)
      .filter((copy) => place.version === undefined || copy.version === place.version);
    const own = cluster({
      name: target,
      protocol: service.protocol,
      from: world.addresses.proxy(name),
      endpoints: copies.map((copy) => ({ ...copy, weight: 1 })),
      isHashed: machinery.hashes,
      removed: lateHeaders(machinery),
    });
    if (service.protocol === "tcp") {
      const options = { name: listenerName, address: place, slots, cluster: target };
      return [
        tcpListener({ ...options, direction: "inbound" }),
        own.cluster,
        own.endpoints,
        ...slots.map(networkExtension),
      ];
    }
    return [
      listener({
        name: listenerName,
        address: place,
        direction: "inbound",
        service: name,
        places,
        machinery,
        hashing: keysFrom,
      }),
      routes(listenerName, [
        {
          service: name,
          domains: ["*"],
          filters: slots.map((slot) => slot.place),
          targets: [{ name: full, cluster: target }],
          machinery,
          left: leftHeaders(machinery),
        },
      ]),
      own.cluster,
      own.endpoints,
      ...extensions({ slots, places }),
    ];
  });
}

function outbound(world: World, way: Way, name: string): readonly Resource[] {
  const chain = chainOf(way.chains, name, "outbound");
  if (chain === undefined) return [];
  const { generation, places, slots } = chain;
  const address = world.addresses.listener(name, "outbound", generation);
  const machinery = machineryOf(slots, world.mesh);
  const callees = world.mesh.calls
    .filter((call) => call.from === name)
    .map((call) => serviceOf(world.mesh, call.to))
    // A store is called directly: these are HTTP filters.
    .filter((callee) => callee.protocol !== "tcp")
    .map((callee) => ({ callee, clusters: clustersOf(world, way, callee, name, machinery) }));
  const listenerName = `outbound/${name}/${generation}`;
  return [
    listener({ name: listenerName, address, direction: "outbound", service: name, places, machinery }),
    routes(
      listenerName,
      callees.map(({ callee, clusters }) => ({
        service: callee.name,
        domains: [callee.name, `${callee.name}:${callee.port}`],
        filters: slots
          .filter((slot) => concerns(way.placement, slot, name, callee.name))
          .map((slot) => slot.place),
        targets: targetsOf(callee, clusters, machinery),
        machinery,
        left: leftHeaders(machinery),
      })),
    ),
    ...callees.flatMap(({ clusters }) => clusters.flatMap(({ resources }) => resources)),
    ...extensions(chain),
  ];
}

/** What the filters of a listener run, the spare ones too: a name that has gone would be a filter without an answer. */
function extensions({ slots, places }: Pick<LaidChain, "slots" | "places">): readonly Resource[] {
  return places.map(({ name }) => {
    const slot = slots.find(({ place }) => place === name);
    return slot === undefined ? spareExtension(name) : extension(slot);
  });
}

/** A listener for each store that the service's connections are captured to. */
function toStores(world: World, way: Way, name: string): readonly Resource[] {
  return way.chains
    .filter((chain) => chain.service === name && chain.callee !== undefined)
    .flatMap(({ callee = "", generation, slots }) => {
      // All versions together: connections are not told apart by version.
      const [lead] = clustersOf(world, way, serviceOf(world.mesh, callee), name, machineryOf([], world.mesh));
      if (lead === undefined) return [];
      const address = world.addresses.listener(name, "outbound", generation);
      const listenerName = `outbound/${name}/${callee}/${generation}`;
      return [
        tcpListener({ name: listenerName, address, direction: "outbound", slots, cluster: lead.name }),
        ...lead.resources,
        ...slots.map(networkExtension),
      ];
    });
}

/**
 * A cluster for each service that filter code may ask, called like the service, since code cannot know the names that change. It leads to
 * the service itself: a question meets no policies, else a policy could be what its own question waits for. Which service is asked is
 * known when the question is; so there is one for each.
 */
function toAsked(world: World, way: Way, name: string): readonly Resource[] {
  const slots = way.chains.filter((chain) => chain.service === name).flatMap((chain) => chain.slots);
  if (!machineryOf(slots, world.mesh).asks) return [];
  return [...world.mesh.services.values()]
    .filter(({ protocol }) => protocol !== "tcp")
    .flatMap((asked) => {
      const made = cluster({
        name: asked.name,
        protocol: asked.protocol,
        from: world.addresses.proxy(name),
        endpoints: world.addresses.instances(asked.name).map((copy) => ({ ...copy, weight: 1 })),
      });
      return [made.cluster, made.endpoints];
    });
}

/** A cluster that leads to a callee: to all that serve it, or to one version. */
interface Lead {
  readonly version?: string;
  readonly name: string;
  readonly resources: readonly Resource[];
}

/** First those for a version that was picked and a copy that is wanted; the plain one takes what the others leave. */
function targetsOf(
  callee: Service,
  clusters: readonly Lead[],
  { mirrors }: Machinery,
): readonly RouteTarget[] {
  const last = (lead: Lead): number => Number(lead.version === undefined);
  const leads = clusters.toSorted((a, b) => last(a) - last(b));
  return leads.flatMap(({ version, name }) =>
    leads
      .filter((mirror) => mirrors || mirror.version === undefined)
      .map((mirror) => ({
        name: versioned(callee.name, version, "@"),
        cluster: name,
        ...(version === undefined ? {} : { when: version }),
        ...(mirror.version === undefined
          ? {}
          : { mirror: { version: mirror.version, cluster: mirror.name } }),
      })),
  );
}

/** Whether the slot runs a policy that is placed on this call: others must not cost it an entry into the VM. */
function concerns(placement: Placement, slot: LaidSlot, caller: string, callee: string): boolean {
  // A stamp is of no policy, and of all requests.
  if (slot.module.policies.length === 0) return true;
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

/**
 * A cluster of all that serve the callee, and one for each version. They lead to its inbound listeners where it has some, and are named
 * for these: what leads elsewhere is another cluster.
 */
function clustersOf(
  world: World,
  way: Way,
  callee: Service,
  caller: string,
  machinery: Machinery,
): readonly Lead[] {
  const copies = world.addresses.instances(callee.name);
  const listeners = inboundListeners(world, way.reached, callee.name);
  const weighted = listeners
    .map((place) => ({
      ...place,
      // One listener stands for all copies of its version.
      weight: copies.filter((copy) => place.version === undefined || copy.version === place.version).length,
    }))
    .filter((place) => place.weight > 0);
  const places = listeners.length > 0 ? weighted : copies.map((copy) => ({ ...copy, weight: 1 }));
  return [undefined, ...callee.versions.keys()].map((version) => {
    const endpoints = places.filter((place) => version === undefined || place.version === version);
    const plain = versioned(callee.name, version, "|");
    const led =
      listeners.length === 0
        ? plain
        : `${plain}/${generationOf(endpoints.map(({ address, port }) => `${address}:${port}`))}`;
    const name = `${led}${kindOf(machinery)}`;
    const made = cluster({
      name,
      protocol: callee.protocol,
      from: world.addresses.proxy(caller),
      endpoints,
      isHashed: machinery.hashes,
      // The callee's proxy has to pick by the key too, and takes it from this one.
      removed: lateHeaders({ ...machinery, hashes: machinery.hashes && listeners.length === 0 }),
    });
    return {
      ...(version === undefined ? {} : { version }),
      name,
      resources: [made.cluster, made.endpoints],
    };
  });
}

/** Ends the name of a cluster that is not as others are: nothing that requests pass is changed in place. */
function kindOf({ hashes, hosts }: Machinery): string {
  return `${hashes ? "/hash" : ""}${hosts ? "/host" : ""}`;
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
