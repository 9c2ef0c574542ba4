import { strict as assert } from "node:assert";
import type { Chain } from "../codegen/module.ts";
import { processesMax, versionsMax } from "../mesh/limits.ts";
import type { Mesh, Service } from "../mesh/mesh.ts";

/** Where a process listens. */
export interface Address {
  readonly address: string;
  readonly port: number;
}

/** One replica of a service. */
export interface Instance extends Address {
  readonly version?: string;
}

/** Who listens where and sends from where. A pure function of the mesh, so that all parties agree without talking. */
export interface AddressPlan {
  service(name: string, version?: string, replica?: number): Address;
  /** All replicas of all versions. */
  instances(name: string): readonly Instance[];
  /** The address that the service's proxy sends from, and where its admin interface listens. */
  proxy(name: string): string;
  /**
   * Where a chain of filters listens. Another generation listens elsewhere, so that old and new are there side by side; `index` tells
   * apart the versions of a service, which have a listener each.
   */
  listener(name: string, direction: Chain["direction"], generation: string, index?: number): Address;
  /**
   * Every address that the service's requests may come from: its replicas' and its proxy's (`identity: address`), as Envoy shows a
   * peer's: IPv6 in brackets.
   */
  sources(name: string): readonly string[];
}

const perBlock = 250;
/** All below the ports that kernels give to outgoing connections. */
const firstPort = 15_000;
/** One for each version, and the outbound one. */
const portsPerChain = versionsMax + 1;
const chainsPerAddress = 340;
const firstListenerBlock = 16;
const listenerBlocks = 200;

function loopback(block: number, index: number): string {
  assert(index < processesMax, "a mesh has more processes than the loopback plan has addresses");
  return `127.${block}.${Math.floor(index / perBlock)}.${(index % perBlock) + 1}`;
}

function copies(service: Service): readonly (string | undefined)[] {
  const versions: readonly (readonly [string | undefined, number])[] =
    service.versions.size === 0
      ? [[undefined, service.replicas]]
      : [...service.versions].map(([version, { replicas }]) => [version, replicas] as const);
  return versions.flatMap(([version, replicas]) => Array.from({ length: replicas }, () => version));
}

/**
 * Loopback addresses: replicas on 127.1.x.y and proxies on 127.2.x.y, in the order of the mesh; endpoints that the mesh names stay.
 * A generation of a proxy's listeners is on one of 68,000 places of its own, from 127.16.x.y on.
 */
export function addressPlan(mesh: Mesh): AddressPlan {
  const known = plans.get(mesh) ?? planned(mesh);
  plans.set(mesh, known);
  return known;
}

const plans = new WeakMap<Mesh, AddressPlan>();

function planned(mesh: Mesh): AddressPlan {
  const instances = new Map<string, readonly Instance[]>();
  const proxies = new Map<string, number>();
  let used = 0;
  for (const service of mesh.services.values()) {
    proxies.set(service.name, proxies.size);
    instances.set(
      service.name,
      service.endpoints.length > 0
        ? service.endpoints
        : copies(service).map((version) => ({
            address: loopback(1, used++),
            port: service.port,
            ...(version === undefined ? {} : { version }),
          })),
    );
  }
  const known = <Value>(found: Value | undefined, name: string): Value => {
    assert(found !== undefined, `no address is planned for ${name}`);
    return found;
  };
  const all = (name: string): readonly Instance[] => known(instances.get(name), name);
  const index = (name: string): number => known(proxies.get(name), name);
  const proxy = (name: string): string => loopback(2, index(name));
  return {
    service: (name, version, replica = 0) =>
      known(all(name).filter((copy) => version === undefined || copy.version === version)[replica], name),
    instances: all,
    proxy,
    listener: (name, direction, generation, version = 0) => {
      assert(version < versionsMax, "a service has more versions than a chain has ports");
      const place = Number.parseInt(generation, 16);
      const block = firstListenerBlock + (place % listenerBlocks);
      const slot = Math.floor(place / listenerBlocks) % chainsPerAddress;
      const port =
        firstPort + slot * portsPerChain + (direction === "outbound" ? portsPerChain - 1 : version);
      return { address: loopback(block, index(name)), port };
    },
    sources: (name) => [...all(name).map((copy) => asPeer(copy.address)), proxy(name)],
  };
}

function asPeer(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}
