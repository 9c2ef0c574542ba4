import { commutes } from "../analysis/commutes.ts";
import { buildChains, type ChainCache } from "../codegen/build-chains.ts";
import type { Chain } from "../codegen/module.ts";
import { WireError } from "../error/wire-error.ts";
import type { PlacedPolicy, Placement } from "../placement/placement.ts";
import { addressPlan } from "../xds/address-plan.ts";
import type { Build } from "./build.ts";

/** What the proxies run while callers move from one build to the next. */
export interface Bridge {
  readonly placement: Placement;
  readonly chains: readonly Chain[];
}

/**
 * The next build with everything that moves enforced at its old place too, so that a call finds its policies by the old way and by the
 * new one. A proxy or direction that the next build has no use for runs on as it was: some callers still come through it.
 */
export async function bridge(from: Build, to: Build, cache: ChainCache): Promise<Bridge> {
  const placement = bridgePlacement(
    from.placement,
    to.placement,
    to.policies.map((policy) => policy.name),
  );
  const { chains, diagnostics } = await buildChains(to.policies, placement, to.mesh, {
    addressesOf: addressPlan(to.mesh).sources,
    commutes,
    cache,
  });
  const [problem] = diagnostics.filter((diagnostic) => diagnostic.severity === "error");
  if (problem !== undefined) {
    // Each end is fine by itself, so it is the way between them that has to be taken in two edits.
    throw new WireError("rollout", `the change cannot be made in one step: ${problem.message}`);
  }
  const covered = new Set(chains.map(keyOf));
  return {
    placement: { ...placement, proxies: [...placement.proxies, ...from.placement.proxies] },
    chains: [...chains, ...from.chains.filter((chain) => !covered.has(keyOf(chain)))],
  };
}

function keyOf(chain: Chain): string {
  return `${chain.service} ${chain.direction}`;
}

/** The next placement, with each (policy, call) that it puts elsewhere also where it was. `order` is that of enforcement. */
export function bridgePlacement(from: Placement, to: Placement, order: readonly string[]): Placement {
  const proxies = new Map(to.proxies.map((proxy) => [proxy.service, proxy]));
  for (const old of from.proxies) {
    const kept = old.policies.flatMap((placed) => stillThere(placed, old.service, to));
    if (kept.length === 0) continue;
    const proxy = proxies.get(old.service) ?? { ...old, policies: [] };
    const policies = merged(proxy.policies, kept).toSorted(
      (a, b) => order.indexOf(a.policy) - order.indexOf(b.policy),
    );
    proxies.set(old.service, { ...proxy, policies });
  }
  return { ...to, proxies: [...proxies.values()].sort((a, b) => (a.service < b.service ? -1 : 1)) };
}

/** What the next placement enforces of `placed` at other places only, as it must be enforced at the old one. */
function stillThere(placed: PlacedPolicy, service: string, to: Placement): readonly PlacedPolicy[] {
  return placed.calls.flatMap((call) => {
    const next = to.proxies.flatMap((proxy) =>
      proxy.policies
        .filter((each) => each.policy === placed.policy && each.calls.some((other) => sameCall(other, call)))
        .map((each) => ({ service: proxy.service, ...each })),
    );
    const moved = next[0];
    if (moved === undefined || next.some((each) => each.service === service && each.side === placed.side))
      return [];
    // The heading may have changed with the place: what is enforced is what the next build says.
    return [{ policy: placed.policy, side: placed.side, section: moved.section, calls: [call] }];
  });
}

function merged(own: readonly PlacedPolicy[], kept: readonly PlacedPolicy[]): readonly PlacedPolicy[] {
  const all = [...own];
  for (const placed of kept) {
    const index = all.findIndex(
      (each) => each.policy === placed.policy && each.side === placed.side && each.section === placed.section,
    );
    const known = all[index];
    if (known === undefined) all.push(placed);
    else all[index] = { ...known, calls: [...known.calls, ...placed.calls] };
  }
  return all;
}

function sameCall(a: readonly (string | null)[], b: readonly (string | null)[]): boolean {
  return a[0] === b[0] && a[1] === b[1];
}
