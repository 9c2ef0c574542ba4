import { at0 } from "./network.ts";
import type { NumberedCall, Problem } from "./problem.ts";

/** The same problem with these units alone, by their numbers, and with the services that they concern. */
export function partOf(problem: Problem, kept: ReadonlySet<number>): Problem {
  const calls: NumberedCall[] = [];
  const starts = [0];
  const units: number[] = [];
  const places = new Map<number, number>();
  const placeOf = (service: number): number => {
    if (service < 0) return service;
    const place = places.get(service) ?? places.size;
    places.set(service, place);
    return place;
  };
  for (const [number, call] of problem.calls.entries()) {
    const before = units.length;
    for (let unit = at0(problem.starts, number); unit < at0(problem.starts, number + 1); unit++)
      if (kept.has(unit)) units.push(at0(problem.units, unit));
    if (units.length === before) continue;
    calls.push({ ...call, caller: placeOf(call.caller), callee: placeOf(call.callee) });
    starts.push(units.length);
  }
  const of = <T>(all: readonly T[]): readonly T[] => [...places.keys()].map((service) => all[service] as T);
  return {
    ...problem,
    services: of(problem.services),
    fitting: of(problem.fitting),
    through: Float64Array.from(places.keys(), (service) => at0(problem.through, service)),
    calls,
    starts: Int32Array.from(starts),
    units: Int32Array.from(units),
  };
}
