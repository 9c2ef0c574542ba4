import fc from "fast-check";
import { byName } from "../xds/resource.ts";
import { typeUrl } from "../xds/type-url.ts";
import { simulatedResource } from "./simulated-envoy.test-helper.ts";
import type { Snapshot } from "./snapshot.ts";

/** How often a property is tried. */
export interface Runs {
  readonly seed: number;
  readonly numRuns: number;
}

/** What a snapshot is made of: by number, so that a failure shrinks. */
export interface Draft {
  /** For each listener that there is: which of its generations, and which clusters its routes lead to. */
  readonly listeners: readonly {
    readonly generation: number;
    readonly clusters: readonly number[];
    readonly filter: boolean;
  }[];
  /** Versions of clusters and endpoints. */
  readonly versions: readonly number[];
  /** Something that the proxy refuses. */
  readonly bad?: "cluster" | "endpoints" | "listener" | "extension" | "route";
}

const clustersMax = 4;
export const draft: fc.Arbitrary<Draft> = fc.record(
  {
    listeners: fc.array(
      fc.record({
        generation: fc.nat(2),
        clusters: fc.uniqueArray(fc.nat(clustersMax - 1), { maxLength: 3 }),
        filter: fc.boolean(),
      }),
      { maxLength: 3 },
    ),
    versions: fc.array(fc.nat(2), { minLength: clustersMax, maxLength: clustersMax }),
    bad: fc.constantFrom(
      "cluster" as const,
      "endpoints" as const,
      "listener" as const,
      "extension" as const,
      "route" as const,
    ),
  },
  { requiredKeys: ["listeners", "versions"] },
);

/** As Wire makes them: what refers to something is named for it, so that nothing changes its meaning in place. */
export function snapshotOf({ listeners, versions, bad }: Draft): Snapshot {
  const used = [...new Set(listeners.flatMap(({ clusters }) => clusters))];
  const marked = (type: Draft["bad"], version: string) => (bad === type ? `${version}-bad` : version);
  const isBad = (type: Draft["bad"]) => (bad === type ? { bad: true } : {});
  const named = listeners.map((listener, index) => {
    const filters = listener.filter ? [`filter-${index}`] : [];
    const clusters = listener.clusters.map((cluster) => `cluster-${cluster}`);
    const name = `listener-${index}/${listener.generation}${listener.filter ? "f" : ""}`;
    return { name, filters, clusters };
  });
  return new Map([
    [
      typeUrl.cluster,
      byName(
        used.map((cluster) =>
          simulatedResource(
            typeUrl.cluster,
            `cluster-${cluster}`,
            marked("cluster", `${versions[cluster]}`),
            isBad("cluster"),
          ),
        ),
      ),
    ],
    [
      typeUrl.endpoints,
      byName(
        used.map((cluster) =>
          simulatedResource(
            typeUrl.endpoints,
            `cluster-${cluster}`,
            marked("endpoints", `${versions[cluster]}`),
            isBad("endpoints"),
          ),
        ),
      ),
    ],
    [
      typeUrl.listener,
      byName(
        named.map(({ name, filters }) =>
          simulatedResource(typeUrl.listener, name, marked("listener", "1"), {
            routes: name,
            filters,
            ...isBad("listener"),
          }),
        ),
      ),
    ],
    [
      typeUrl.extension,
      byName(
        named.flatMap(({ filters }) =>
          filters.map((filter) =>
            simulatedResource(
              typeUrl.extension,
              filter,
              marked("extension", `${versions[0]}`),
              isBad("extension"),
            ),
          ),
        ),
      ),
    ],
    [
      typeUrl.route,
      byName(
        named.map(({ name, filters, clusters }) =>
          simulatedResource(typeUrl.route, name, marked("route", clusters.join()), {
            clusters,
            filters,
            ...isBad("route"),
          }),
        ),
      ),
    ],
  ]);
}

/** To what was so many changes before: the very same, as after a roll-back. */
export interface Back {
  readonly kind: "back";
  readonly by: number;
}

export const back: fc.Arbitrary<Back> = fc.record({ kind: fc.constant("back" as const), by: fc.nat(2) });
