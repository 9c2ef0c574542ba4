import type {
  Route,
  RouteAction,
  RouteAction_RequestMirrorPolicy,
  VirtualHost,
} from "./generated/envoy/config/route/v3/route_components_pb.ts";
import type { RouteConfiguration } from "./generated/envoy/config/route/v3/route_pb.ts";

/** What routes may refer to. */
export interface Reachable {
  /** The filters of the chain that takes the routes. */
  readonly filters: ReadonlySet<string>;
  hasCluster(name: string): boolean;
}

type RouteTable = Pick<
  RouteConfiguration,
  "name" | "virtualHosts" | "typedPerFilterConfig" | "requestMirrorPolicies"
>;

/** Clusters that routes lead to and that are not there, and filters that they switch on and the chain does not have. */
export function* routeFaults(table: RouteTable, { filters, hasCluster }: Reachable): Generator<string> {
  const where = `routes ${table.name}`;
  const missing = [...table.virtualHosts.flatMap(clustersOfHost), ...mirrorsOf(table)].filter(
    (cluster) => !hasCluster(cluster),
  );
  for (const cluster of new Set(missing)) yield `${where}: no cluster ${cluster}`;
  for (const filter of unknown([table], filters))
    yield `${where}: switch on ${filter}, which is not in the chain`;
  for (const host of table.virtualHosts) {
    const own = [host, ...host.routes, ...host.routes.flatMap(weightsOf)];
    for (const filter of unknown(own, filters))
      yield `${where}: ${host.name} switches on ${filter}, which is not in the chain`;
  }
}

interface Switching {
  readonly typedPerFilterConfig: Readonly<Record<string, unknown>>;
}

function unknown(switching: readonly Switching[], filters: ReadonlySet<string>): ReadonlySet<string> {
  const named = switching.flatMap(({ typedPerFilterConfig }) => Object.keys(typedPerFilterConfig));
  return new Set(named.filter((filter) => !filters.has(filter)));
}

/** Where the routes of a host may lead, the copies too. */
function clustersOfHost(host: VirtualHost): readonly string[] {
  const actions = host.routes.flatMap(({ action }) => (action.case === "route" ? [action.value] : []));
  return [...actions.flatMap((action) => [...clustersOf(action), ...mirrorsOf(action)]), ...mirrorsOf(host)];
}

function clustersOf({ clusterSpecifier }: RouteAction): readonly string[] {
  switch (clusterSpecifier.case) {
    case "cluster":
      return [clusterSpecifier.value];
    case "weightedClusters":
      // One may be said by a header, which is known when a request comes.
      return clusterSpecifier.value.clusters.flatMap(({ name }) => (name === "" ? [] : [name]));
    default:
      return [];
  }
}

function weightsOf({ action }: Route): readonly Switching[] {
  if (action.case !== "route" || action.value.clusterSpecifier.case !== "weightedClusters") return [];
  return action.value.clusterSpecifier.value.clusters;
}

function mirrorsOf({
  requestMirrorPolicies,
}: {
  readonly requestMirrorPolicies: readonly RouteAction_RequestMirrorPolicy[];
}): readonly string[] {
  return requestMirrorPolicies.flatMap(({ cluster }) => (cluster === "" ? [] : [cluster]));
}
