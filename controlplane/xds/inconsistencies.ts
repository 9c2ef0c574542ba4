import { decodeListener, decodeRoutes, managersOf, tcpProxiesOf } from "./decode.ts";
import type { ProxySnapshot } from "./snapshot.ts";

/** What a snapshot refers to and does not hold: listener → routes → clusters → endpoints, filter → extension. Empty is well. */
export function inconsistencies(snapshot: ProxySnapshot): readonly string[] {
  return [...listenerFaults(snapshot), ...clusterFaults(snapshot)];
}

function* listenerFaults(snapshot: ProxySnapshot): Generator<string> {
  const usedRoutes = new Set<string>();
  const usedExtensions = new Set<string>();
  for (const resource of snapshot.listeners.values()) {
    const listener = decodeListener(resource);
    for (const filter of listener.filterChains.flatMap(({ filters }) => filters)) {
      if (filter.configType.case !== "configDiscovery") continue;
      usedExtensions.add(filter.name);
      if (!snapshot.extensions.has(filter.name))
        yield `listener ${resource.name}: no extension ${filter.name}`;
    }
    for (const { clusterSpecifier } of tcpProxiesOf(listener)) {
      if (clusterSpecifier.case === "cluster" && !snapshot.clusters.has(clusterSpecifier.value))
        yield `listener ${resource.name}: no cluster ${clusterSpecifier.value}`;
    }
    for (const manager of managersOf(listener)) {
      const filters = new Set<string>();
      for (const filter of manager.httpFilters) {
        if (filters.has(filter.name)) yield `listener ${resource.name}: filter ${filter.name} is there twice`;
        filters.add(filter.name);
        if (filter.configType.case !== "configDiscovery") continue;
        usedExtensions.add(filter.name);
        if (!snapshot.extensions.has(filter.name))
          yield `listener ${resource.name}: no extension ${filter.name}`;
      }
      if (manager.routeSpecifier.case !== "rds") continue;
      const routes = manager.routeSpecifier.value.routeConfigName;
      usedRoutes.add(routes);
      if (snapshot.routes.has(routes)) yield* routeFaults(snapshot, routes, filters);
      else yield `listener ${resource.name}: no routes ${routes}`;
    }
  }
  for (const name of snapshot.routes.keys())
    if (!usedRoutes.has(name)) yield `routes ${name}: no listener uses them`;
  for (const name of snapshot.extensions.keys())
    if (!usedExtensions.has(name)) yield `extension ${name}: no listener uses it`;
}

function* routeFaults(
  snapshot: ProxySnapshot,
  name: string,
  filters: ReadonlySet<string>,
): Generator<string> {
  const resource = snapshot.routes.get(name);
  if (resource === undefined) return;
  for (const host of decodeRoutes(resource).virtualHosts) {
    for (const filter of Object.keys(host.typedPerFilterConfig))
      if (!filters.has(filter))
        yield `routes ${name}: ${host.name} switches on ${filter}, which is not in the chain`;
    for (const { action } of host.routes) {
      if (action.case !== "route" || action.value.clusterSpecifier.case !== "cluster") continue;
      const cluster = action.value.clusterSpecifier.value;
      if (!snapshot.clusters.has(cluster)) yield `routes ${name}: no cluster ${cluster}`;
    }
  }
}

function* clusterFaults(snapshot: ProxySnapshot): Generator<string> {
  for (const name of snapshot.clusters.keys())
    if (!snapshot.endpoints.has(name)) yield `cluster ${name}: no endpoints`;
  for (const name of snapshot.endpoints.keys())
    if (!snapshot.clusters.has(name)) yield `endpoints ${name}: no cluster`;
}
