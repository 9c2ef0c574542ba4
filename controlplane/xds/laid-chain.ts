import type { Chain, Module, Slot } from "../codegen/module.ts";

/** A filter of a chain's listeners: an ECDS resource by this name says what it runs. */
export interface Place {
  /** `wire/SERVICE/DIRECTION/GENERATION/NUMBER`; of a chain for connections, the name of the slot. */
  readonly name: string;
  /** What it does before its module has come. */
  readonly failure: Module["failure"];
}

export interface LaidSlot extends Slot {
  /** Name of the place that it takes. */
  readonly place: string;
}

/** A chain with the listeners that it has in the proxies. */
export interface LaidChain extends Omit<Chain, "slots"> {
  /** Eight hex digits that its listeners, their routes and the clusters that lead there are named by. */
  readonly generation: string;
  /** All filters of its listeners, in order. Those that no slot takes are spare: they do nothing until a policy comes. */
  readonly places: readonly Place[];
  readonly slots: readonly LaidSlot[];
}

/** What has to be kept of a chain, so that another process lays it out the same. */
export interface Layout extends Pick<LaidChain, "generation" | "places"> {
  /** Which chain it is of. */
  readonly way: string;
  /** The places that the slots take, in order. */
  readonly taken: readonly string[];
}

/** Names a chain among those of a build. */
export function wayName({ service, direction, version, callee }: Omit<Chain, "slots">): string {
  return [
    service,
    direction,
    ...(version === undefined ? [] : [`@${version}`]),
    ...(callee === undefined ? [] : [`to ${callee}`]),
  ].join(" ");
}

export function layoutOf(chain: LaidChain): Layout {
  const { generation, places, slots } = chain;
  return { way: wayName(chain), generation, places, taken: slots.map(({ place }) => place) };
}

/** Chains as they were laid out when this was kept. One of which nothing fitting is known stays as it is. */
export function laidAsKept(chains: readonly LaidChain[], kept: readonly Layout[]): readonly LaidChain[] {
  const byWay = new Map(kept.map((layout) => [layout.way, layout]));
  return chains.map((chain) => {
    const layout = byWay.get(wayName(chain));
    if (layout === undefined || layout.taken.length !== chain.slots.length) return chain;
    const { generation, places, taken } = layout;
    const slots = chain.slots.map((slot, index) => ({ ...slot, place: taken[index] ?? slot.place }));
    return { ...chain, generation, places, slots };
  });
}
