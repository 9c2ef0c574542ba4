import type { ProxySnapshot } from "../xds/snapshot.ts";
import type { Stage } from "./stages.ts";

/**
 * Whose proxies have to take something new in these stages before others may count on it. What only takes something away is nothing new; nor
 * is where endpoints are, since the world is not as it was, whoever waits for whom.
 */
export function concernedBy(stages: readonly Stage[], { snapshots: before }: Stage): ReadonlySet<string> {
  return new Set(
    stages.flatMap(({ snapshots }) =>
      [...snapshots].flatMap(([service, snapshot]) =>
        hasNothingNew(snapshot, before.get(service)) ? [] : [service],
      ),
    ),
  );
}

/** Whether all of a snapshot is in another one, but for where endpoints are. */
function hasNothingNew(snapshot: ProxySnapshot, before: ProxySnapshot | undefined): boolean {
  return (["clusters", "extensions", "listeners", "routes"] as const).every((type) => {
    for (const [name, { version }] of snapshot[type])
      if (before?.[type].get(name)?.version !== version) return false;
    return true;
  });
}
