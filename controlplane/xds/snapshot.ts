import { strict as assert } from "node:assert";
import type { Chain, Slot } from "../codegen/module.ts";
import type { Mesh, Service } from "../mesh/mesh.ts";
import type { Placement } from "../placement/placement.ts";
import type { Address, AddressPlan, Instance } from "./address-plan.ts";
import { cluster } from "./cluster.ts";
import { extension } from "./extension.ts";
import { generationOf } from "./generation.ts";
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
  readonly chains: readonly Chain[];
  /** All chains of the build that these are of: what callers do there is part of what their callees need. */
  readonly build: readonly Chain[];
  readonly reached: readonly Chain[];
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

/** The inbound listeners that a service has in these chains: where callers must send. One for each version, or one in all. */
export function inboundListeners(
  world: World,
  chains: readonly Chain[],
  name: string,
  build: readonly Chain[] = chains,
): readonly Instance[] {
  if (slotsOf(chains, name, "inbound").length === 0) return [];
  const versions = [...serviceOf(world.mesh, name).versions.keys()];
  const at = (version?: string, index?: number): Address => {
    const generation = inboundGeneration(world, build, name, slotsOf(chains, name, "inbound", version));
    return world.addresses.listener(name, "inbound", generation, index);
  };
  return versions.length === 0
    ? [at()]
    : versions.map((version, index) => ({ ...at(version, index), version }));
}

/** The outbound listener that a service has in these chains. */
export function outboundListener(world: World, chains: readonly Chain[], name: string): Address | undefined {
  const slots = slotsOf(chains, name, "outbound");
  if (slots.length === 0) return undefined;
  return world.addresses.listener(name, "outbound", outboundGeneration(world, slots));
}

/** The listener that a service has in these chains for its connections to one store. */
export function storeListener(
  world: World,
  chains: readonly Chain[],
  name: string,
  callee: string,
): Address | undefined {
  const chain = chains.find((each) => each.service === name && each.callee === callee);
  if (chain === undefined) return undefined;
  return world.addresses.listener(name, "outbound", outboundGeneration(world, chain.slots));
}

/** The generation of a chain among all of its build. */
export function generationOfChain(world: World, build: readonly Chain[], chain: Chain): string {
  return chain.direction === "inbound"
    ? inboundGeneration(world, build, chain.service, chain.slots)
    : outboundGeneration(world, chain.slots);
}

function inboundGeneration(
  world: World,
  build: readonly Chain[],
  name: string,
  slots: readonly Slot[],
): string {
  return generationOf([
    ...slots.map((slot) => slot.name),
    ...nameOf(machineryOf(slots, world.mesh)),
    ...hashing(world, build, name).map((address) => `keys from ${address}`),
  ]);
}

function outboundGeneration(world: World, slots: readonly Slot[]): string {
  return generationOf([...slots.map((slot) => slot.name), ...nameOf(machineryOf(slots, world.mesh))]);
}

/** The addresses of the proxies whose policies set hash keys on the way to a service: its own proxy has to go by these keys too. */
function hashing({ mesh, addresses }: World, build: readonly Chain[], name: string): readonly string[] {
  return mesh.calls
    .flatMap(({ from, to }) => (from !== null && to === name ? [from] : []))
    .filter((caller) => machineryOf(slotsOf(build, caller, "outbound"), mesh).hashes)
    .map((caller) => addresses.proxy(caller));
}

function inbound(world: World, way: Way, name: string): readonly Resource[] {
  const service = serviceOf(world.mesh, name);
  const keysFrom = hashing(world, way.build, name);
  return inboundListeners(world, way.chains, name, way.build).flatMap((place) => {
    const slots = slotsOf(way.chains, name, "inbound", place.version);
    const machinery = { ...machineryOf(slots, world.mesh), hashes: keysFrom.length > 0 };
    const full = versioned(name, place.version, "@");
    const listenerName = `inbound/${full}/${inboundGeneration(world, way.build, name, slots)}`;
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
        slots,
        machinery,
        hashing: keysFrom,
      }),
      routes(listenerName, [
        {
          service: name,
          domains: ["*"],
          filters: slots.map((slot) => slot.name),
          targets: [{ name: full, cluster: target }],
          machinery,
          left: leftHeaders(machinery),
        },
      ]),
      own.cluster,
      own.endpoints,
      ...slots.map(extension),
    ];
  });
}

function outbound(world: World, way: Way, name: string): readonly Resource[] {
  const address = outboundListener(world, way.chains, name);
  if (address === undefined) return [];
  const slots = slotsOf(way.chains, name, "outbound");
  const machinery = machineryOf(slots, world.mesh);
  const callees = world.mesh.calls
    .filter((call) => call.from === name)
    .map((call) => serviceOf(world.mesh, call.to))
    // A store is called directly: these are HTTP filters.
    .filter((callee) => callee.protocol !== "tcp")
    .map((callee) => ({ callee, clusters: clustersOf(world, way, callee, name, machinery) }));
  const listenerName = `outbound/${name}/${outboundGeneration(world, slots)}`;
  return [
    listener({ name: listenerName, address, direction: "outbound", service: name, slots, machinery }),
    routes(
      listenerName,
      callees.map(({ callee, clusters }) => ({
        service: callee.name,
        domains: [callee.name, `${callee.name}:${callee.port}`],
        filters: slots
          .filter((slot) => concerns(way.placement, slot, name, callee.name))
          .map((slot) => slot.name),
        targets: targetsOf(callee, clusters, machinery),
        machinery,
        left: leftHeaders(machinery),
      })),
    ),
    ...callees.flatMap(({ clusters }) => clusters.flatMap(({ resources }) => resources)),
    ...slots.map(extension),
  ];
}

/** A listener for each store that the service's connections are captured to. */
function toStores(world: World, way: Way, name: string): readonly Resource[] {
  return way.chains
    .filter((chain) => chain.service === name && chain.callee !== undefined)
    .flatMap(({ callee = "", slots }) => {
      const address = storeListener(world, way.chains, name, callee);
      // All versions together: connections are not told apart by version.
      const [lead] = clustersOf(world, way, serviceOf(world.mesh, callee), name, machineryOf([], world.mesh));
      if (address === undefined || lead === undefined) return [];
      const listenerName = `outbound/${name}/${callee}/${outboundGeneration(world, slots)}`;
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

/** What a service's proxy runs in one direction, in order, but for connections to stores; all that any version has, or what this one has. */
export function slotsOf(
  chains: readonly Chain[],
  service: string,
  direction: Chain["direction"],
  version?: string,
): readonly Slot[] {
  return chains
    .filter(
      (chain) => chain.service === service && chain.direction === direction && chain.callee === undefined,
    )
    .filter((chain) => version === undefined || (chain.version ?? version) === version)
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
