import type { PlacedSide, Problem, Spot, Unit } from "./problem.ts";

/** What is left after the reductions: for each unit the spots that remain, cut into parts that do not touch. */
export interface Reduced {
  readonly spots: ReadonlyMap<Unit, readonly Spot[]>;
  readonly components: readonly (readonly Unit[])[];
  /** Units that no spot is left for. */
  readonly stuck: readonly Unit[];
}

/**
 * Drops spots that the constraints rule out, settles what forced proxies settle, and cuts the rest into components.
 * With `keepTies` a free unit is not settled at a forced proxy, because the last placement may have it elsewhere at no more cost.
 */
export function reduce(problem: Problem, options: { readonly keepTies: boolean }): Reduced {
  const spots = new Map<Unit, readonly Spot[]>(problem.units.map((unit) => [unit, unit.spots]));
  propagate(problem, spots);
  if (!options.keepTies) {
    settle(problem, spots);
    propagate(problem, spots);
  }
  const stuck = problem.units.filter((unit) => spots.get(unit)?.length === 0);
  return { spots, stuck, components: components(problem, spots) };
}

function propagate(problem: Problem, spots: Map<Unit, readonly Spot[]>): void {
  let changed = true;
  const can = (unit: Unit, side: PlacedSide): boolean =>
    (spots.get(unit) ?? []).some((spot) => spot.side === side);
  const drop = (unit: Unit, side: PlacedSide): void => {
    if (!can(unit, side)) return;
    spots.set(
      unit,
      (spots.get(unit) ?? []).filter((spot) => spot.side !== side),
    );
    changed = true;
  };
  while (changed) {
    changed = false;
    for (const [a, b] of problem.together) {
      for (const side of ["egress", "ingress"] as const) {
        if (!can(a, side)) drop(b, side);
        if (!can(b, side)) drop(a, side);
      }
    }
    for (const [p, q] of problem.ordered) {
      if (!can(p, "egress")) drop(q, "egress");
      if (!can(q, "ingress")) drop(p, "ingress");
    }
  }
}

/** A unit that nothing ties and that can sit free of charge at a proxy that must exist anyway sits there. */
function settle(problem: Problem, spots: Map<Unit, readonly Spot[]>): void {
  const tied = new Set([...problem.together, ...problem.ordered].flat());
  const forced = new Set<string>();
  for (const options of spots.values()) {
    const [only] = options;
    if (options.length === 1 && only !== undefined) forced.add(proxyOf(only));
  }
  for (const [unit, options] of spots) {
    if (options.length < 2 || tied.has(unit)) continue;
    const free = options.find((spot) => spot.cost === 0 && forced.has(proxyOf(spot)));
    if (free !== undefined) spots.set(unit, [free]);
  }
}

/** Units are connected when a proxy could serve both, or a constraint ties them. */
function components(
  problem: Problem,
  spots: ReadonlyMap<Unit, readonly Spot[]>,
): readonly (readonly Unit[])[] {
  const parent = problem.units.map((unit) => unit.id);
  const find = (id: number): number => {
    let root = id;
    while (parent[root] !== root) root = parent[root] ?? root;
    parent[id] = root;
    return root;
  };
  const join = (a: Unit, b: Unit): void => {
    parent[find(a.id)] = find(b.id);
  };
  const atService = new Map<string, Unit>();
  for (const [unit, options] of spots) {
    for (const spot of options) {
      const other = atService.get(spot.service);
      if (other === undefined) atService.set(spot.service, unit);
      else join(other, unit);
    }
  }
  for (const [a, b] of [...problem.together, ...problem.ordered]) join(a, b);
  return [...Map.groupBy(problem.units, (unit) => find(unit.id)).values()];
}

function proxyOf(spot: Spot): string {
  return `${spot.service} ${spot.dataplane}`;
}
