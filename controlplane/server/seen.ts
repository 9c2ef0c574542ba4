import type { Resource, Resources } from "../xds/resource.ts";
import { changesOf } from "./changes-of.ts";

// All that decides whether something has to be looked at again. It saves time, and changes nothing of what is said: `random-scripts.test.ts` puts in
// its place what looks at everything each time.

/** Resources that have been looked at for a client, and found as they should be there. */
export interface Seen {
  readonly resources: Resources;
  /** Names of which the client has been sent something since, or has taken something. */
  readonly touched: Set<string>;
}

export function seen(resources: Resources): Seen {
  return { resources, touched: new Set() };
}

export function isSeen(known: Seen | undefined, resources: Resources): boolean {
  return known?.resources === resources && known.touched.size === 0;
}

/** Of the resources those that may be otherwise: most changes are of few. */
export function unseen(known: Seen | undefined, resources: Resources): Iterable<Resource> {
  if (known === undefined) return resources.values();
  const { changed } = changesOf(known.resources, resources);
  if (known.touched.size === 0) return changed;
  const names = new Set([...changed.map(({ name }) => name), ...known.touched]);
  // In the order in which all of them are said.
  return [...names].sort().flatMap((name) => resources.get(name) ?? []);
}

/** Whether all that was there is there still, by all of its names. */
export function isAllThere(known: Seen | undefined, resources: Resources): boolean {
  return known !== undefined && !changesOf(known.resources, resources).lacks;
}

/** Whether the client, which was found to have none besides `trimmed`, has none besides these. */
export function isTrimmed(trimmed: Resources | undefined, resources: Resources): boolean {
  return trimmed === resources;
}
