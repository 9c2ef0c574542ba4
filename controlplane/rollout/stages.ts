import type { Chain } from "../codegen/module.ts";
import type { Build } from "../pipeline/build.ts";
import type { Placement } from "../placement/placement.ts";
import { type AddressMap, addressMap } from "../xds/address-map.ts";
import { addressPlan } from "../xds/address-plan.ts";
import { type ProxySnapshot, proxyResources } from "../xds/snapshot.ts";

/** A state of the whole mesh that is safe to stay in; a rollout goes through a few of them. */
export interface Stage {
  readonly name: "new side on" | "callers told" | "old side off";
  /** By service; exactly these services have a running proxy. */
  readonly snapshots: ReadonlyMap<string, ProxySnapshot>;
  readonly addresses: AddressMap;
}

/**
 * The stages from what is in force to the next build. The first two enforce the old and the new side together, so that no request
 * meets neither; the callers move in between. A first build has nothing to keep and is one stage.
 */
export function stagesOf(from: Build | undefined, to: Build): readonly Stage[] {
  if (from === undefined) return [stage("old side off", to, to.placement, to.chains, to.chains)];
  const chains = union(from.chains, to.chains);
  const placement = { ...to.placement, proxies: [...from.placement.proxies, ...to.placement.proxies] };
  return [
    stage("new side on", to, placement, chains, from.chains),
    stage("callers told", to, placement, chains, to.chains),
    stage("old side off", to, to.placement, to.chains, to.chains),
  ];
}

/** `running` is what the proxies run, `reached` the chains through which calls are led. */
function stage(
  name: Stage["name"],
  build: Build,
  placement: Placement,
  running: readonly Chain[],
  reached: readonly Chain[],
): Stage {
  const input = { mesh: build.mesh, placement, chains: running, reached, addresses: addressPlan(build.mesh) };
  return { name, snapshots: proxyResources(input), addresses: addressMap(input) };
}

/** The new chains, each followed by the slots that only the old one has. */
function union(from: readonly Chain[], to: readonly Chain[]): readonly Chain[] {
  const key = (chain: Chain): string => `${chain.service} ${chain.direction}`;
  const old = new Map(from.map((chain) => [key(chain), chain]));
  const merged = to.map((chain) => {
    const kept = old.get(key(chain))?.slots ?? [];
    old.delete(key(chain));
    const names = new Set(chain.slots.map((slot) => slot.name));
    return { ...chain, slots: [...chain.slots, ...kept.filter((slot) => !names.has(slot.name))] };
  });
  return [...merged, ...old.values()];
}
