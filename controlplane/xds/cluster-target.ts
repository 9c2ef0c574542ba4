import type { Mesh } from "../mesh/mesh.ts";

/** Where a cluster of a service's proxy leads: to a service that it calls, or to the service itself. */
export type ClusterTarget =
  | { readonly kind: "outbound"; readonly callee: string }
  | { readonly kind: "inbound" };

const local = "local/";

/**
 * Reads the names that `proxyResources` gives to clusters. Undefined where what a cluster carries is no call of the mesh: a question of filter
 * code, or what goes to the control plane.
 */
export function clusterTargets({
  services,
  calls,
}: Pick<Mesh, "services" | "calls">): (node: string, cluster: string) => ClusterTarget | undefined {
  const callees = Map.groupBy(calls, ({ from }) => from);
  const known = new Map([...callees].map(([from, own]) => [from, new Set(own.map(({ to }) => to))]));
  return (node, cluster) => {
    const callee = serviceIn(services, cluster);
    if (callee !== undefined && known.get(node)?.has(callee) === true) return { kind: "outbound", callee };
    const isOwn = cluster.startsWith(local) && serviceIn(services, cluster.slice(local.length)) === node;
    return isOwn ? { kind: "inbound" } : undefined;
  };
}

/** `SERVICE`, `SERVICE|VERSION`, and either with more after slashes; the service may have one slash too. */
function serviceIn(services: Mesh["services"], cluster: string): string | undefined {
  let [name = ""] = cluster.split("|");
  while (!services.has(name)) {
    const slash = name.lastIndexOf("/");
    if (slash < 0) return undefined;
    name = name.slice(0, slash);
  }
  return name;
}
