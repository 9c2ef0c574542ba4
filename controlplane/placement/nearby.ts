import type { Unit } from "./problem.ts";

interface OfUnit {
  readonly unit: Unit;
}

/** The units of calls that these services make or take. */
export function within<T extends OfUnit>(near: ReadonlySet<string>, units: readonly T[]): readonly T[] {
  return units.filter(({ unit: { call } }) => near.has(call.from ?? "") || near.has(call.to));
}

/** These services, and those at the other ends of their calls that have units. */
export function reachOf(near: ReadonlySet<string>, units: readonly OfUnit[]): ReadonlySet<string> {
  const ends = within(near, units).flatMap(({ unit: { call } }) => [call.from ?? call.to, call.to]);
  return new Set([...near, ...ends]);
}
