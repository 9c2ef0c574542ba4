import { create } from "@bufbuild/protobuf";
import { decodeListener, managersOf } from "./decode.ts";
import { ListenerSchema } from "./generated/envoy/config/listener/v3/listener_pb.ts";
import {
  type HttpConnectionManager,
  HttpConnectionManagerSchema,
} from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { anyOf, byName, type Resource, type Resources, resource } from "./resource.ts";
import type { ProxySnapshot } from "./snapshot.ts";
import { typeUrl } from "./type-url.ts";

/**
 * The way from one snapshot to the next without a request that no filter, or both filters, see: first the chains get the new
 * filters beside the old ones, then the routes switch from old to new in one update, then the old ones go.
 * Each step has to be acknowledged before the next.
 */
export function transition(from: ProxySnapshot, to: ProxySnapshot): readonly ProxySnapshot[] {
  const both = {
    listeners: byName([...from.listeners.values(), ...to.listeners.values()].map(widened(from, to))),
    clusters: union(from.clusters, to.clusters),
    endpoints: union(from.endpoints, to.endpoints),
    extensions: union(from.extensions, to.extensions),
  };
  const steps = [
    { ...both, routes: union(to.routes, from.routes) },
    { ...both, routes: union(from.routes, to.routes) },
    to,
  ];
  return steps.filter(
    (step, index) =>
      index === steps.length - 1 || !(same(step, steps[index - 1] ?? from) || same(step, steps[index + 1])),
  );
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

/** The newer listener of that name, with the older one's filters still in its chain. */
function widened(from: ProxySnapshot, to: ProxySnapshot): (entry: Resource) => Resource {
  return (entry) => {
    const older = from.listeners.get(entry.name);
    const newer = to.listeners.get(entry.name);
    if (older === undefined || newer === undefined || older.version === newer.version) return newer ?? entry;
    const oldFilters = managersOf(decodeListener(older))[0]?.httpFilters ?? [];
    const listener = decodeListener(newer);
    const chain = listener.filterChains[0];
    const filter = chain?.filters[0];
    const manager = managersOf(listener)[0];
    if (chain === undefined || filter === undefined || manager === undefined) return newer;
    const kept = new Set(manager.httpFilters.map((each) => each.name));
    // A filter whose configuration the proxy refused never ran, so nothing needs it until the switch.
    const leaving = oldFilters.filter((each) => !kept.has(each.name) && from.extensions.has(each.name));
    if (leaving.length === 0) return newer;
    const wide: HttpConnectionManager = { ...manager, httpFilters: [...leaving, ...manager.httpFilters] };
    const message = create(ListenerSchema, {
      ...listener,
      filterChains: [
        {
          ...chain,
          filters: [
            {
              ...filter,
              configType: { case: "typedConfig", value: anyOf(HttpConnectionManagerSchema, wide) },
            },
          ],
        },
      ],
    });
    return resource(entry.name, typeUrl.listener, ListenerSchema, message);
  };
}
