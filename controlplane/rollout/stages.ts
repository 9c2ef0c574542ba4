import { strict as assert } from "node:assert";
import { isSamePlace } from "../mesh/is-same-place.ts";
import type { Build } from "../pipeline/build.ts";
import { type AddressMap, addressMap } from "../xds/address-map.ts";
import { type AddressPlan, addressPlan } from "../xds/address-plan.ts";
import { extension } from "../xds/extension.ts";
import { type LaidChain, wayName } from "../xds/laid-chain.ts";
import type { Resource } from "../xds/resource.ts";
import { type ProxySnapshot, proxyResources, type Way, type World, wayOf } from "../xds/snapshot.ts";
import { networkExtension } from "../xds/tcp-listener.ts";
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
  /** What it was made of. */
  readonly of: Plan | { readonly old: Stage; readonly next: Stage };
}

/** A stage before its resources are made. `told`: the chains to which callers without a proxy are sent. */
interface Plan {
  readonly world: World;
  readonly ways: readonly Way[];
  readonly told: readonly LaidChain[];
}

/** What a stage depends on besides the builds. */
export interface Standing extends Switches {
  /** Where services were before, which what they have in hand still comes from. */
  readonly former?: Senders;
}

const nothingOff: Standing = { off: [] };

/**
 * The one stage in which a build is in force and nothing else runs. `like`, here and below: the stage of the same builds as it was
 * made before. What does not depend on the standing is taken from it, so that a switch costs what it changes.
 */
export function finalStage(build: Build, standing: Standing = nothingOff, like?: Stage): Stage {
  const { now, addresses } = asItStands(build, standing);
  const world: World = { mesh: build.mesh, addresses };
  return made("old side off", { world, ways: [wayOf(now)], told: now.chains }, like);
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
  [likeFirst, likeSecond, likeLast]: readonly Stage[] = [],
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
    made("new side on", { world: here, ways: ways(leaving, from.chains), told: from.chains }, likeFirst),
    made("callers told", { world: there, ways: ways(closed, to.chains), told: to.chains }, likeSecond),
    finalStage(after, last, likeLast),
  ];
}

/** Proxies that have the next build before the others have it (`waves`). Callers are where they were. */
export function waveStage(
  before: Build,
  after: Build,
  proxies: readonly string[],
  standing: Standing = nothingOff,
  like?: Stage,
): Stage {
  const parts = like !== undefined && "old" in like.of ? like.of : undefined;
  const [old, next] = [finalStage(before, standing, parts?.old), finalStage(after, standing, parts?.next)];
  const snapshots = new Map(old.snapshots);
  for (const service of proxies) {
    const snapshot = next.snapshots.get(service);
    assert(snapshot !== undefined && snapshots.has(service), "in a wave are proxies of both builds");
    snapshots.set(service, snapshot);
  }
  return { name: "wave", snapshots, addresses: old.addresses, of: { old, next } };
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

function made(name: Stage["name"], plan: Plan, like: Stage | undefined): Stage {
  const again = like?.name === name && "world" in like.of ? madeAgain(plan, like, like.of) : undefined;
  if (again !== undefined) return again;
  const { world, ways, told } = plan;
  return {
    name,
    snapshots: proxyResources({ ...world, ways }),
    addresses: addressMap(world.mesh, world.addresses, told),
    of: plan,
  };
}

/** Undefined where more is otherwise than what filters are told by their configuration. */
function madeAgain(plan: Plan, like: Stage, before: Plan): Stage | undefined {
  const [chains, known] = [plan, before].map(({ ways }) => ways.map((way) => way.chains));
  if (plan.world.mesh !== before.world.mesh || chains?.length !== known?.length) return undefined;
  if (plan.ways.some(({ placement }, index) => placement !== before.ways[index]?.placement)) return undefined;
  const changed = new Map<string, Resource[]>();
  for (const [index, own] of chains?.entries() ?? []) {
    const others = known?.[index] ?? [];
    if (own.length !== others.length) return undefined;
    for (const [at, chain] of own.entries()) {
      const other = others[at];
      if (other === undefined || !isAlike(chain, other)) return undefined;
      const slots = chain.slots.filter((slot, of) => slot.configuration !== other.slots[of]?.configuration);
      if (slots.length === 0) continue;
      const isTcp = chain.refuses !== undefined;
      const resources = changed.get(chain.service) ?? [];
      resources.push(...slots.map(isTcp ? networkExtension : extension));
      changed.set(chain.service, resources);
    }
  }
  const snapshots = new Map(like.snapshots);
  for (const [service, resources] of changed) {
    const snapshot = snapshots.get(service);
    assert(snapshot !== undefined, "who has a chain has a proxy");
    const extensions = new Map(snapshot.extensions);
    for (const resource of resources) extensions.set(resource.name, resource);
    snapshots.set(service, { ...snapshot, extensions });
  }
  return { ...like, snapshots, of: plan };
}

/** Whether chains differ in nothing but what their filters are told. */
function isAlike(chain: LaidChain, other: LaidChain): boolean {
  if (chain === other) return true;
  const { slots } = chain;
  return (
    keyOf(chain) === keyOf(other) &&
    chain.places === other.places &&
    slots.length === other.slots.length &&
    slots.every(
      (slot, index) => slot.place === other.slots[index]?.place && slot.module === other.slots[index]?.module,
    )
  );
}

/** Equal for chains of one generation: these are changed in place. */
function keyOf(chain: LaidChain): string {
  return `${wayName(chain)} ${chain.generation}`;
}

function keysOf(build: Build): ReadonlySet<string> {
  return new Set(build.chains.map(keyOf));
}
