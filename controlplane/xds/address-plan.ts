import { strict as assert } from "node:assert";
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

/** The addresses of a service's proxy; it also sends from `address`. */
interface ProxyAddress {
  readonly address: string;
  /** A service with versions has one inbound listener for each, on the ports from here on, in their order. */
  readonly inboundPort: number;
  readonly outboundPort: number;
}

/** Who listens where and sends from where. A pure function of the mesh, so that all parties agree without talking. */
export interface AddressPlan {
  service(name: string, version?: string, replica?: number): Address;
  /** All replicas of all versions. */
  instances(name: string): readonly Instance[];
  proxy(name: string): ProxyAddress;
  /** Every address that the service's requests may come from: its replicas' and its proxy's (`identity: address`). */
  sources(name: string): readonly string[];
}

const inboundPort = 15_100;
const outboundPort = 15_001;
const perBlock = 250;

function loopback(block: number, index: number): string {
  assert(index < perBlock * 250, "a mesh has more processes than the loopback plan has addresses");
  return `127.${block}.${Math.floor(index / perBlock)}.${(index % perBlock) + 1}`;
}

function copies(service: Service): readonly (string | undefined)[] {
  const versions: readonly (readonly [string | undefined, number])[] =
    service.versions.size === 0
      ? [[undefined, service.replicas]]
      : [...service.versions].map(([version, { replicas }]) => [version, replicas] as const);
  return versions.flatMap(([version, replicas]) => Array.from({ length: replicas }, () => version));
}

/** Loopback addresses: replicas on 127.1.x.y and proxies on 127.2.x.y, in the order of the mesh; endpoints that the mesh names stay. */
export function addressPlan(mesh: Mesh): AddressPlan {
  const instances = new Map<string, readonly Instance[]>();
  const proxies = new Map<string, ProxyAddress>();
  let used = 0;
  for (const service of mesh.services.values()) {
    proxies.set(service.name, { address: loopback(2, proxies.size), inboundPort, outboundPort });
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
  const proxy = (name: string): ProxyAddress => known(proxies.get(name), name);
  return {
    service: (name, version, replica = 0) =>
      known(all(name).filter((copy) => version === undefined || copy.version === version)[replica], name),
    instances: all,
    proxy,
    sources: (name) => [...all(name).map((copy) => copy.address), proxy(name).address],
  };
}
