import { isDeepStrictEqual } from "node:util";
import type { Build } from "../pipeline/build.ts";
import type { Placement } from "../placement/placement.ts";
import type { Resources } from "../xds/resource.ts";
import type { ProxySnapshot } from "../xds/snapshot.ts";
import { finalStage } from "./stages.ts";

/** So many proxies, or such a share of those that change, from 0 to 1. */
export type WaveSize =
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "share"; readonly share: number };

/** How many proxies have the change after each wave, the canaries being the first; in the end all have it. */
export type WaveSizes = readonly WaveSize[];

export type Waves =
  /** The services whose proxies change, wave by wave; none is empty, and each service is in one. */
  | { readonly kind: "staged"; readonly waves: readonly (readonly string[])[] }
  /** Some proxies cannot have it before the others: by the stages of a rollout it comes to all of them. */
  | { readonly kind: "atOnce"; readonly because: "moved" | "rerouted" };

/** A build that is in force alone, with what its proxies hold. */
export interface InForce {
  readonly placement: Pick<Placement, "proxies">;
  readonly snapshots: ReadonlyMap<string, ProxySnapshot>;
}

export function inForceOf(build: Build, off: readonly string[]): InForce {
  return { placement: build.placement, snapshots: finalStage(build, { off }).snapshots };
}

/**
 * The waves in which proxies may go from one build to the next. Only what filters do may differ between proxies that have it and those
 * that have not: where each policy is enforced on the same calls at the same side of the same proxy before and after, a request meets
 * it once in any mixture. So a policy that moves is not staged, nor is a change of where calls are led.
 */
export function waves(before: InForce, after: InForce, sizes: WaveSizes): Waves {
  if (!isDeepStrictEqual(enforced(before), enforced(after))) return { kind: "atOnce", because: "moved" };
  const services = [...after.snapshots.keys()].sort();
  if (!isDeepStrictEqual([...before.snapshots.keys()].sort(), services))
    return { kind: "atOnce", because: "moved" };
  const changed: string[] = [];
  for (const service of services) {
    const [old, next] = [before.snapshots.get(service), after.snapshots.get(service)];
    if (old === undefined || next === undefined || !isLedTheSame(old, next))
      return { kind: "atOnce", because: "rerouted" };
    if (!isSame(old.extensions, next.extensions)) changed.push(service);
  }
  const ends = [...sizes.map((size) => endOf(size, changed.length)), changed.length];
  let begin = 0;
  const cut: string[][] = [];
  for (const end of ends) {
    if (end <= begin) continue;
    cut.push(changed.slice(begin, end));
    begin = end;
  }
  return { kind: "staged", waves: cut };
}

/** A share is rounded up, so that there is a canary in the smallest mesh. */
function endOf(size: WaveSize, all: number): number {
  return Math.min(all, size.kind === "count" ? size.count : Math.ceil(size.share * all));
}

/** What is enforced where; by which of its sections is no matter. */
function enforced({ placement }: InForce): readonly string[] {
  return placement.proxies
    .flatMap(({ service, dataplane, stamps, policies }) => [
      JSON.stringify([service, dataplane, stamps]),
      ...policies.flatMap(({ policy, side, calls }) =>
        calls.map((call) => JSON.stringify([service, policy, side, call])),
      ),
    ])
    .sort();
}

function isLedTheSame(old: ProxySnapshot, next: ProxySnapshot): boolean {
  return (
    (["listeners", "clusters", "endpoints", "routes"] as const).every((type) =>
      isSame(old[type], next[type]),
    ) && isDeepStrictEqual([...old.extensions.keys()].sort(), [...next.extensions.keys()].sort())
  );
}

function isSame(old: Resources, next: Resources): boolean {
  return (
    old.size === next.size && [...next].every(([name, { version }]) => old.get(name)?.version === version)
  );
}
