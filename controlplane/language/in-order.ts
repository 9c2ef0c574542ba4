import type { Policy } from "./policy.ts";

/** Policies in the order of enforcement: priority, higher first, then name. */
export function inOrder(policies: readonly Policy[]): readonly Policy[] {
  // By code units: the order is part of the meaning, so it must not depend on a locale.
  return policies.toSorted(
    (a, b) => b.priority - a.priority || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
}
