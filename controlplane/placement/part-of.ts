import type { Service } from "../mesh/mesh.ts";
import { at0 } from "./network.ts";
import { type NumberedCall, type Problem, type World, worldOf } from "./problem.ts";

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
  return {
    ...problem,
    ...ofServices(problem, [...places.keys()]),
    calls,
    starts: Int32Array.from(starts),
    units: Int32Array.from(units),
  };
}

/** A part with more services of its mesh, after those that it has. */
export function withServices(part: Problem, names: readonly string[]): Problem {
  const world = worldOf(part.mesh, part.dataplanes);
  const numbers = new Map(world.services.map(({ name }, number) => [name, number]));
  const places = [...part.services.map(({ name }) => name), ...names].map((name) => numbers.get(name) ?? -1);
  return { ...part, ...ofServices(world, places) };
}

function ofServices(
  { services, fitting, through, into }: World,
  places: readonly number[],
): Pick<World, "services" | "fitting" | "through" | "into"> {
  return {
    services: places.map((service) => services[service] as Service),
    fitting: places.map((service) => at0(fitting, service)),
    through: Float64Array.from(places, (service) => at0(through, service)),
    into: Float64Array.from(places, (service) => at0(into, service)),
  };
}
