import type { Chain } from "../codegen/module.ts";
import type { Bridge } from "../pipeline/bridge.ts";
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

/** The one stage in which a build is in force and nothing else runs. */
export function finalStage(build: Build): Stage {
  return stage("old side off", build, build.placement, build.chains, build.chains);
}

/**
 * The stages from what is in force to the next build. In the first two the proxies run both (`bridge`), so that no request meets
 * neither; between them the callers move.
 */
export function stagesOf(from: Build, to: Build, both: Bridge): readonly Stage[] {
  return [
    stage("new side on", to, both.placement, both.chains, from.chains),
    stage("callers told", to, both.placement, both.chains, to.chains),
    finalStage(to),
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
