import { isDeepStrictEqual } from "node:util";
import type { Build } from "../pipeline/build.ts";
import type { Placement } from "../placement/placement.ts";
import type { Resources } from "../xds/resource.ts";
import type { ProxySnapshot } from "../xds/snapshot.ts";
import { finalStage } from "./stages.ts";

/** So many proxies, or such a share of those that change, from 0 to 1; or the proxies of these services, which then come first. */
export type WaveSize =
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "share"; readonly share: number }
  | { readonly kind: "services"; readonly services: readonly string[] };

/** How many proxies have the change after each wave, the canaries being the first; in the end all have it. */
export type WaveSizes = readonly WaveSize[];

export type Waves =
  /** The services whose proxies change, wave by wave; none is empty, and each service is in one. */
  | { readonly kind: "staged"; readonly waves: readonly (readonly string[])[] }
  /** Some proxies cannot have it before the others: by the stages of a rollout it comes to all of them. */
  | { readonly kind: "atOnce"; readonly because: Together };

/** A policy is enforced elsewhere, or a proxy comes or goes; calls are led elsewhere; or what changes is a policy of both sides of a call. */
export type Together = "moved" | "rerouted" | "two-sided";

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
 * that have not: where each policy of both builds is enforced on the same calls at the same side of the same proxy before and after, a
 * request meets it once in any mixture, and one that comes or goes once or not at all. So a policy that moves is not staged, nor is a change
 * of where calls are led. Nor is one of a policy that acts at both ends of a call, since one end may count on the other.
 */
export function waves(before: InForce, after: InForce, sizes: WaveSizes): Waves {
  if (!isEnforcedInPlace(before, after)) return { kind: "atOnce", because: "moved" };
  const services = [...after.snapshots.keys()].sort();
  const changed: string[] = [];
  for (const service of services) {
    const [old, next] = [before.snapshots.get(service), after.snapshots.get(service)];
    if (old === undefined || next === undefined || !isLedTheSame(old, next))
      return { kind: "atOnce", because: "rerouted" };
    if (!isSame(old.extensions, next.extensions)) changed.push(service);
  }
  if ([before, after].some((each) => isTwoSided(each, changed)))
    return { kind: "atOnce", because: "two-sided" };
  const named = sizes
    .flatMap((size) => (size.kind === "services" ? size.services : []))
    .filter((service) => changed.includes(service));
  const inOrder = [...new Set([...named, ...changed])];
  const ends = [...sizes.map((size) => endOf(size, inOrder)), inOrder.length];
  let begin = 0;
  const cut: string[][] = [];
  for (const end of ends) {
    if (end <= begin) continue;
    cut.push(inOrder.slice(begin, end));
    begin = end;
  }
  return { kind: "staged", waves: cut };
}

/** The services whose proxies are to run something else than before; none where no filter does anything else. */
export function changedProxies(before: InForce, after: InForce): readonly string[] {
  const changed = [...after.snapshots].flatMap(([service, next]) => {
    const old = before.snapshots.get(service);
    const filters = old === undefined || !isSame(old.extensions, next.extensions);
    return filters || !isLedTheSame(old, next) ? [{ service, filters }] : [];
  });
  return changed.some(({ filters }) => filters) ? changed.map(({ service }) => service).sort() : [];
}

/** A share is rounded up, so that there is a canary in the smallest mesh. */
function endOf(size: WaveSize, changed: readonly string[]): number {
  switch (size.kind) {
    case "count":
      return Math.min(changed.length, size.count);
    case "share":
      return Math.ceil(size.share * changed.length);
    case "services":
      return changed.filter((service) => size.services.includes(service)).length;
    default:
      return size satisfies never;
  }
}

/** Whether the proxies are the same, and whatever is enforced before and after is enforced at the same places. */
function isEnforcedInPlace(before: InForce, after: InForce): boolean {
  const [old, next] = [policiesOf(before), policiesOf(after)];
  const [those, these] = [before, after].map(({ placement, snapshots }) => [
    [...snapshots.keys()].sort(),
    placement.proxies
      .map(({ service, dataplane, stamps }) => JSON.stringify([service, dataplane, stamps]))
      .sort(),
  ]);
  return (
    isDeepStrictEqual(those, these) &&
    [...next].every(([policy, acts]) => {
      const was = old.get(policy);
      return was === undefined || isDeepStrictEqual([...was].sort(), [...acts].sort());
    })
  );
}

/** Where each policy is enforced on which calls; by which of its sections is no matter. */
function policiesOf({ placement }: InForce): ReadonlyMap<string, ReadonlySet<string>> {
  const all = new Map<string, Set<string>>();
  for (const { service, policies } of placement.proxies)
    for (const { policy, side, calls } of policies) {
      const own = all.get(policy) ?? new Set();
      for (const call of calls) own.add(JSON.stringify([service, side, call]));
      all.set(policy, own);
    }
  return all;
}

/** Whether several of these proxies enforce a policy of which one has a part at the caller's side and another one at the callee's. */
function isTwoSided({ placement }: InForce, changed: readonly string[]): boolean {
  const sides = new Map<string, Set<string>>();
  for (const { service, policies } of placement.proxies)
    if (changed.includes(service))
      for (const { policy, side, calls } of policies)
        for (const [from, to] of calls) {
          const key = JSON.stringify([policy, from, to]);
          sides.set(key, (sides.get(key) ?? new Set()).add(side));
        }
  return [...sides.values()].some((own) => own.size > 1);
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
