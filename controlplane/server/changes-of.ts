import type { Resource, Resources } from "../xds/resource.ts";

/** What has become of resources. */
export interface Changes {
  /** New ones, and those that are another version, keep for another time, or have other aliases. */
  readonly changed: readonly Resource[];
  /** Whether some are there no longer, or are no longer asked for by another name. */
  readonly lacks: boolean;
}

const none: Changes = { changed: [], lacks: false };
const known = new WeakMap<Resources, WeakMap<Resources, Changes>>();

/** Looked for once for all streams that go from one to the other. */
export function changesOf(before: Resources, after: Resources): Changes {
  if (before === after) return none;
  const fromHere = known.get(before) ?? new WeakMap<Resources, Changes>();
  known.set(before, fromHere);
  const changes = fromHere.get(after) ?? compare(before, after);
  fromHere.set(after, changes);
  return changes;
}

function compare(before: Resources, after: Resources): Changes {
  const changed: Resource[] = [];
  let kept = 0;
  let lacks = false;
  for (const resource of after.values()) {
    const old = before.get(resource.name);
    if (old !== undefined) kept++;
    if (old !== undefined && isSame(old, resource)) continue;
    changed.push(resource);
    lacks ||= old?.aliases?.some((alias) => resource.aliases?.includes(alias) !== true) === true;
  }
  return { changed, lacks: lacks || kept < before.size };
}

function isSame(one: Resource, other: Resource): boolean {
  if (one === other) return true;
  const [aliases, others] = [one.aliases ?? [], other.aliases ?? []];
  return (
    one.version === other.version &&
    one.ttlMs === other.ttlMs &&
    aliases.length === others.length &&
    aliases.every((alias, at) => alias === others[at])
  );
}
