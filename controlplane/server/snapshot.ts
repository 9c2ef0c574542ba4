import { byName, type Resources } from "../xds/resource.ts";
import { type TypeUrl, typeUrl } from "../xds/type-url.ts";

/** What a node should hold: its resources by type. A type that is not there is empty. */
export type Snapshot = ReadonlyMap<TypeUrl, Resources>;

const none: Resources = new Map();

export function resourcesOf(snapshot: Snapshot, type: TypeUrl): Resources {
  return snapshot.get(type) ?? none;
}

const ways = new WeakMap<Snapshot, WeakMap<Snapshot, readonly Snapshot[]>>();

/**
 * The way from one snapshot to the next: first what is new beside what only the old one has, so that no route leads nowhere, then the
 * old is gone. Each step has to be acknowledged before the next. Nodes that share snapshots share the steps.
 */
export function transition(from: Snapshot, to: Snapshot): readonly Snapshot[] {
  const known = ways.get(from)?.get(to);
  if (known !== undefined) return known;
  const both = new Map(to);
  for (const type of [typeUrl.cluster, typeUrl.endpoints]) {
    const [before, after] = [resourcesOf(from, type), resourcesOf(to, type)];
    if (isWithin(before, after)) continue;
    // Where both have a resource, the new one counts.
    both.set(type, byName([...before.values(), ...after.values()]));
  }
  const steps = [...both].every(([type, resources]) => resources === to.get(type)) ? [to] : [both, to];
  const fromHere = ways.get(from) ?? new WeakMap<Snapshot, readonly Snapshot[]>();
  ways.set(from, fromHere.set(to, steps));
  return steps;
}

/** Whether two snapshots hold the same resources in the same versions, for the same time. */
export function same(a: Snapshot, b: Snapshot): boolean {
  return (
    a === b || Object.values(typeUrl).every((type) => isSame(resourcesOf(a, type), resourcesOf(b, type)))
  );
}

function isSame(a: Resources, b: Resources): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [name, { version, ttlMs }] of a) {
    const other = b.get(name);
    if (other?.version !== version || other.ttlMs !== ttlMs) return false;
  }
  return true;
}

/** Whether every name of the first is in the second. */
function isWithin(names: Resources, resources: Resources): boolean {
  if (names === resources) return true;
  for (const name of names.keys()) if (!resources.has(name)) return false;
  return true;
}
