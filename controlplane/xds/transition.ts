import { byName, type Resources } from "./resource.ts";
import type { ProxySnapshot } from "./snapshot.ts";

/**
 * The way from one snapshot to the next: first what is new beside what only the old one has, so that no route leads nowhere, then the
 * old is gone. Each step has to be acknowledged before the next. Filters and routes need no step between: a listener with
 * another chain has routes of another name (`routesName`), and takes new connections once it has all of its own.
 */
export function transition(from: ProxySnapshot, to: ProxySnapshot): readonly ProxySnapshot[] {
  const both = {
    ...to,
    clusters: union(from.clusters, to.clusters),
    endpoints: union(from.endpoints, to.endpoints),
  };
  return same(both, to) ? [to] : [both, to];
}

/** Whether two snapshots hold the same resources in the same versions. */
export function same(a: ProxySnapshot, b: ProxySnapshot | undefined): boolean {
  if (b === undefined) return false;
  return (["listeners", "clusters", "endpoints", "routes", "extensions"] as const).every(
    (type) =>
      a[type].size === b[type].size &&
      [...a[type].values()].every((entry) => b[type].get(entry.name)?.version === entry.version),
  );
}

/** Where both have a resource, the second's counts. */
function union(first: Resources, second: Resources): Resources {
  return byName([...first.values(), ...second.values()]);
}
