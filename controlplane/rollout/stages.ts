import { strict as assert } from "node:assert";
import type { Build } from "../pipeline/build.ts";
import { type AddressMap, addressMap } from "../xds/address-map.ts";
import { addressPlan } from "../xds/address-plan.ts";
import { type LaidChain, wayName } from "../xds/laid-chain.ts";
import { type ProxySnapshot, proxyResources, type Way, wayOf } from "../xds/snapshot.ts";
import { closing } from "./closing.ts";
import { type Switches, withSwitches } from "./with-switches.ts";

/** A state of the whole mesh that is safe to stay in; a rollout goes through a few of them. */
export interface Stage {
  readonly name: "wave" | "new side on" | "callers told" | "old side off";
  /** By service; exactly these services have a running proxy. */
  readonly snapshots: ReadonlyMap<string, ProxySnapshot>;
  readonly addresses: AddressMap;
}

const nothingOff: Switches = { off: [] };

/** The one stage in which a build is in force and nothing else runs. */
export function finalStage(build: Build, switches: Switches = nothingOff): Stage {
  const now = withSwitches(build, switches);
  return stage("old side off", now, [wayOf(now)], now.chains);
}

/**
 * The stages from what is in force to the next build. In the first two the proxies run both: chains that change are there twice, at
 * places of their own, each leading on to chains of its kind. So a call goes the old way or the new way as a whole, and is
 * enforced exactly once on either.
 */
export function stagesOf(
  before: Build,
  after: Build,
  switches: Switches = nothingOff,
): readonly [Stage, Stage, Stage] {
  const [from, to] = [withSwitches(before, switches), withSwitches(after, switches)];
  const [old, next] = [keysOf(from), keysOf(to)];
  const leaving = from.chains.filter((chain) => !next.has(keyOf(chain)));
  const staying = to.chains.filter((chain) => old.has(keyOf(chain)));
  const coming = to.chains.filter((chain) => !old.has(keyOf(chain)));
  const addresses = addressPlan(to.mesh);
  const closed = leaving.map((chain) => closing(chain, to.chains, addresses));
  const ways = (left: readonly LaidChain[], reachedByStaying: readonly LaidChain[]): readonly Way[] => [
    { placement: from.placement, chains: left, build: from.chains, reached: from.chains },
    { placement: to.placement, chains: staying, build: to.chains, reached: reachedByStaying },
    { placement: to.placement, chains: coming, build: to.chains, reached: to.chains },
  ];
  return [
    stage("new side on", to, ways(leaving, from.chains), from.chains),
    stage("callers told", to, ways(closed, to.chains), to.chains),
    finalStage(after, switches),
  ];
}

/** Proxies that have the next build before the others have it (`waves`). Callers are where they were. */
export function waveStage(
  before: Build,
  after: Build,
  proxies: readonly string[],
  switches: Switches = nothingOff,
): Stage {
  const [old, next] = [finalStage(before, switches), finalStage(after, switches)];
  const snapshots = new Map(old.snapshots);
  for (const service of proxies) {
    const snapshot = next.snapshots.get(service);
    assert(snapshot !== undefined && snapshots.has(service), "in a wave are proxies of both builds");
    snapshots.set(service, snapshot);
  }
  return { name: "wave", snapshots, addresses: old.addresses };
}

/** `told`: the chains to which callers without a proxy are sent. */
function stage(
  name: Stage["name"],
  { mesh }: Build,
  ways: readonly Way[],
  told: readonly LaidChain[],
): Stage {
  const addresses = addressPlan(mesh);
  return {
    name,
    snapshots: proxyResources({ mesh, addresses, ways }),
    addresses: addressMap(mesh, addresses, told),
  };
}

/** Equal for chains of one generation: these are changed in place. */
function keyOf(chain: LaidChain): string {
  return `${wayName(chain)} ${chain.generation}`;
}

function keysOf(build: Build): ReadonlySet<string> {
  return new Set(build.chains.map(keyOf));
}
