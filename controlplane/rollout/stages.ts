import { strict as assert } from "node:assert";
import { isSamePlace } from "../mesh/is-same-place.ts";
import type { Build } from "../pipeline/build.ts";
import { type AddressMap, addressMap } from "../xds/address-map.ts";
import { type AddressPlan, addressPlan } from "../xds/address-plan.ts";
import { type LaidChain, wayName } from "../xds/laid-chain.ts";
import { type ProxySnapshot, proxyResources, type Way, type World, wayOf } from "../xds/snapshot.ts";
import { closing } from "./closing.ts";
import { alsoSending, noSenders, type Senders, sendersBeside, sendersOf, union } from "./senders.ts";
import { withSenders } from "./with-senders.ts";
import { type Switches, withSwitches } from "./with-switches.ts";

/** A state of the whole mesh that is safe to stay in; a rollout goes through a few of them. */
export interface Stage {
  readonly name: "wave" | "new side on" | "callers told" | "old side off";
  /** By service; exactly these services have a running proxy. */
  readonly snapshots: ReadonlyMap<string, ProxySnapshot>;
  readonly addresses: AddressMap;
}

/** What a stage depends on besides the builds. */
export interface Standing extends Switches {
  /** Where services were before, which what they have in hand still comes from. */
  readonly former?: Senders;
}

const nothingOff: Standing = { off: [] };

/** The one stage in which a build is in force and nothing else runs. */
export function finalStage(build: Build, standing: Standing = nothingOff): Stage {
  const { now, addresses } = asItStands(build, standing);
  return stage("old side off", { mesh: build.mesh, addresses }, [wayOf(now)], now.chains);
}

/**
 * The stages from what is in force to the next build. In the first two the proxies run both: chains that change are there twice, at
 * places of their own, each leading on to chains of its kind. So a call goes the old way or the new way as a whole, and is
 * enforced exactly once on either. Proxies know services by where they were and by where they will be, before anybody is led there.
 */
export function stagesOf(
  before: Build,
  after: Build,
  standing: Standing = nothingOff,
): readonly [Stage, Stage, Stage] {
  const { former = noSenders } = standing;
  const [left, coming] = [sendersOf(before.mesh), sendersOf(after.mesh)];
  const { now: from, addresses: places } = asItStands(before, {
    ...standing,
    former: union([former, coming]),
  });
  const last: Standing = { ...standing, former: union([former, left]) };
  const { now: to, addresses } = asItStands(after, last);
  const [old, next] = [keysOf(from), keysOf(to)];
  const leaving = from.chains.filter((chain) => !next.has(keyOf(chain)));
  const staying = to.chains.filter((chain) => old.has(keyOf(chain)));
  const arriving = to.chains.filter((chain) => !old.has(keyOf(chain)));
  const closed = leaving.map((chain) => closing(chain, to.chains, addresses));
  const ways = (left: readonly LaidChain[], reachedByStaying: readonly LaidChain[]): readonly Way[] => [
    { placement: from.placement, chains: left, build: from.chains, reached: from.chains },
    { placement: to.placement, chains: staying, build: to.chains, reached: reachedByStaying },
    { placement: to.placement, chains: arriving, build: to.chains, reached: to.chains },
  ];
  const there: World = { mesh: to.mesh, addresses };
  const here = isSamePlace(from.mesh, to.mesh) ? { mesh: from.mesh, addresses: places } : there;
  return [
    stage("new side on", here, ways(leaving, from.chains), from.chains),
    stage("callers told", there, ways(closed, to.chains), to.chains),
    finalStage(after, last),
  ];
}

/** Proxies that have the next build before the others have it (`waves`). Callers are where they were. */
export function waveStage(
  before: Build,
  after: Build,
  proxies: readonly string[],
  standing: Standing = nothingOff,
): Stage {
  const [old, next] = [finalStage(before, standing), finalStage(after, standing)];
  const snapshots = new Map(old.snapshots);
  for (const service of proxies) {
    const snapshot = next.snapshots.get(service);
    assert(snapshot !== undefined && snapshots.has(service), "in a wave are proxies of both builds");
    snapshots.set(service, snapshot);
  }
  return { name: "wave", snapshots, addresses: old.addresses };
}

/** The build with its switches and with all that its services send from. */
function asItStands(
  build: Build,
  { former = noSenders, ...switches }: Standing,
): { readonly now: Build; readonly addresses: AddressPlan } {
  const further = sendersBeside({ mesh: build.mesh, senders: former });
  const addresses = alsoSending(addressPlan(build.mesh), further);
  return { now: withSwitches(withSenders(build, further), switches, addresses), addresses };
}

/** `told`: the chains to which callers without a proxy are sent. */
function stage(name: Stage["name"], world: World, ways: readonly Way[], told: readonly LaidChain[]): Stage {
  return {
    name,
    snapshots: proxyResources({ ...world, ways }),
    addresses: addressMap(world.mesh, world.addresses, told),
  };
}

/** Equal for chains of one generation: these are changed in place. */
function keyOf(chain: LaidChain): string {
  return `${wayName(chain)} ${chain.generation}`;
}

function keysOf(build: Build): ReadonlySet<string> {
  return new Set(build.chains.map(keyOf));
}
