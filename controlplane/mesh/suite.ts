import type { Source } from "../language/source.ts";
import type { Call, Mesh, Service } from "./mesh.ts";

/** A mesh that was made up, with policies for it and the interfaces that they import: what a benchmark or a first look needs. */
export interface Suite {
  readonly mesh: Mesh;
  /** Copper, and the data planes where there are several. */
  readonly sources: readonly Source[];
}

/** A service with what a mesh file takes when it says nothing. */
export function plainService(name: string, own: Partial<Service> = {}): Service {
  const protocol = own.protocol ?? "http";
  return {
    name,
    entry: false,
    origin: false,
    protocol,
    port: protocol === "tcp" ? 6379 : 8080,
    replicas: 1,
    versions: new Map(),
    proxy: "any",
    endpoints: [],
    ...own,
  };
}

/** Callers are known by their addresses, so that either side may enforce. */
export function plainMesh(name: string, services: readonly Service[], calls: readonly Call[]): Mesh {
  return {
    name,
    identity: "address",
    stateHeader: "tracestate",
    services: new Map(services.map((service) => [service.name, service])),
    calls,
  };
}
