import type { Chain, Slot } from "../codegen/module.ts";
import type { Mesh } from "../mesh/mesh.ts";
import type { Placement } from "../placement/placement.ts";
import { generationOf } from "./generation.ts";
import { hashingCallers } from "./hashing-callers.ts";
import { type LaidChain, type LaidSlot, type Place, wayName } from "./laid-chain.ts";
import { machineryOf, nameOf } from "./machinery.ts";

/** A build as far as its layout goes. */
interface Whole<C extends Chain> {
  readonly mesh: Mesh;
  readonly placement: Placement;
  readonly chains: readonly C[];
}

/**
 * Chains with a place for each slot. A chain whose policies change in one place, and are not enforced elsewhere before or after, keeps its
 * listeners: the change is one resource, and a request meets the old policies or the new ones. Any other is a generation of its own
 * beside the one before, until the callers have moved.
 */
export function layOut(next: Whole<Chain>, before?: Whole<LaidChain>): readonly LaidChain[] {
  const known = new Map(before?.chains.map((chain) => [wayName(chain), chain]));
  return next.chains.map((chain) => {
    const old = known.get(wayName(chain));
    const slots = before === undefined || old === undefined ? undefined : stay({ chain, next, old, before });
    if (old === undefined || slots === undefined) return fresh(chain, next, old?.generation);
    return { ...chain, generation: old.generation, places: old.places, slots };
  });
}

/** A generation that is not the one before. */
function fresh(chain: Chain, whole: Whole<Chain>, taken?: string): LaidChain {
  const names = [
    ...chain.slots.map(({ name }) => name),
    ...needs(chain, whole),
    // Nothing else tells apart those that one service has to stores.
    ...(chain.isBare === true ? [wayName(chain)] : []),
  ];
  let generation = generationOf(names);
  for (let n = 2; generation === taken; n++) generation = generationOf([...names, `${n}`]);
  if (isForConnections(chain, whole.mesh)) {
    const places = chain.slots.map(({ name, module }) => ({ name, failure: module.failure }));
    return {
      ...chain,
      generation,
      places,
      slots: chain.slots.map((slot) => ({ ...slot, place: slot.name })),
    };
  }
  // No policy comes to it later that would need a spare place.
  if (chain.isBare === true) return { ...chain, generation, places: [], slots: [] };
  const { service, direction, version } = chain;
  const stem = `wire/${service}/${direction}${version === undefined ? "" : `@${version}`}/${generation}`;
  const spare = [{ failure: "closed" }, { failure: "open" }] as const;
  const places: Place[] = [];
  const add = ({ failure }: Pick<Place, "failure">): string => {
    const name = `${stem}/${places.length}`;
    places.push({ name, failure });
    return name;
  };
  spare.forEach(add);
  const slots = chain.slots.map((slot): LaidSlot => {
    const place = add(slot.module);
    spare.forEach(add);
    return { ...slot, place };
  });
  return { ...chain, generation, places, slots };
}

interface Step {
  readonly chain: Chain;
  readonly next: Whole<Chain>;
  readonly old: LaidChain;
  readonly before: Whole<LaidChain>;
}

/** The slots in the places of the generation before, or undefined where that would not be safe. */
function stay({ chain, next, old, before }: Step): readonly LaidSlot[] | undefined {
  if (needs(chain, next).join("\n") !== needs(old, before).join("\n")) return undefined;
  const isUnchanged =
    chain.slots.length === old.slots.length &&
    chain.slots.every(({ name, module }, index) => {
      const was = old.slots[index];
      return was?.name === name && was.module.failure === module.failure;
    });
  if (isUnchanged)
    return chain.slots.map((slot, index) => ({ ...slot, place: old.slots[index]?.place ?? slot.name }));
  // What let a connection in stays with it.
  if (isForConnections(chain, next.mesh)) return undefined;
  const acts = chain.slots.map((slot) => actsOf(slot, chain, next.placement));
  const actsBefore = new Map(old.slots.map((slot) => [slot.place, actsOf(slot, old, before.placement)]));
  const coming = acts
    .flatMap((own) => [...own])
    .filter((act) => ![...actsBefore.values()].some((own) => own.has(act)));
  const leaving = [...actsBefore.values()]
    .flatMap((own) => [...own])
    .filter((act) => !acts.some((own) => own.has(act)));
  if (isElsewhere(coming, old, before) || isElsewhere(leaving, chain, next)) return undefined;
  const places = seat(chain.slots, acts, old.places, actsBefore);
  if (places === undefined) return undefined;
  const changed = old.places.filter(({ name }) => {
    const now = acts[places.indexOf(name)] ?? new Set();
    const then = actsBefore.get(name) ?? new Set();
    return now.size !== then.size || [...now].some((act) => !then.has(act));
  });
  if (changed.length > 1) return undefined;
  return chain.slots.map((slot, index) => ({ ...slot, place: places[index] ?? slot.name }));
}

/**
 * A place for each slot, in order: the one where what it enforces has been enforced; for one slot that is all new, a free one between its
 * neighbours'. Undefined where there are none.
 */
function seat(
  slots: readonly Slot[],
  acts: readonly ReadonlySet<string>[],
  places: readonly Place[],
  actsBefore: ReadonlyMap<string, ReadonlySet<string>>,
): readonly string[] | undefined {
  const at = acts.map((own) => {
    const shared = places.flatMap(({ name }, index) =>
      [...(actsBefore.get(name) ?? [])].some((act) => own.has(act)) ? [index] : [],
    );
    return shared.length > 1 ? undefined : (shared[0] ?? "anywhere");
  });
  const seated = at.map((place, index) => {
    if (place !== "anywhere") return place;
    const [low, high] = [at[index - 1] ?? -1, at[index + 1] ?? places.length];
    if (typeof low !== "number" || typeof high !== "number") return undefined;
    const free = places.flatMap(({ failure }, n) =>
      n > low && n < high && failure === slots[index]?.module.failure ? [n] : [],
    );
    // One that is left free by this very change is filled by it: then it changes one place only.
    return free.find((n) => actsBefore.has(places[n]?.name ?? "")) ?? free[0];
  });
  const isFitting = seated.every(
    (place, index) =>
      place !== undefined &&
      place > (seated[index - 1] ?? -1) &&
      places[place]?.failure === slots[index]?.module.failure,
  );
  return isFitting ? seated.map((place) => places[place ?? -1]?.name ?? "") : undefined;
}

/** What a slot enforces: a policy on a call, each; by which of its sections is no matter, since an edit may give it another heading. */
function actsOf(slot: Slot, chain: Omit<Chain, "slots">, placement: Placement): ReadonlySet<string> {
  const { service, direction, version } = chain;
  const side = direction === "inbound" ? "ingress" : "egress";
  return new Set(
    placement.proxies
      .filter((proxy) => proxy.service === service)
      .flatMap(({ policies }) => policies)
      .filter((placed) => placed.side === side && slot.module.policies.includes(placed.policy))
      .flatMap(({ policy, calls }) =>
        calls
          .filter(
            ([, , versions]) => version === undefined || versions === undefined || versions.includes(version),
          )
          .map(([from, to]) => JSON.stringify([policy, from, to])),
      ),
  );
}

/** Whether something is enforced by another chain; those for other versions of the service aside: no request meets two of these. */
function isElsewhere(acts: readonly string[], chain: Omit<Chain, "slots">, whole: Whole<Chain>): boolean {
  const { service, direction, callee } = chain;
  return whole.chains
    .filter((other) => other.service !== service || other.direction !== direction || other.callee !== callee)
    .some((other) =>
      other.slots.some((slot) => {
        const theirs = actsOf(slot, other, whole.placement);
        return acts.some((act) => theirs.has(act));
      }),
    );
}

/** What a listener has to have besides the slots: one that needs something else is another. */
function needs(chain: Chain, { mesh, chains }: Whole<Chain>): readonly string[] {
  const { service, direction, slots } = chain;
  const keysFrom = direction === "inbound" ? hashingCallers(mesh, chains, service) : [];
  return [...nameOf(machineryOf(slots, mesh)), ...keysFrom.map((caller) => `keys from ${caller}`)];
}

function isForConnections({ callee, direction, service }: Chain, mesh: Mesh): boolean {
  return callee !== undefined || (direction === "inbound" && mesh.services.get(service)?.protocol === "tcp");
}
