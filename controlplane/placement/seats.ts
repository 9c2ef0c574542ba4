import { at0 } from "./network.ts";
import type { PlacedSide, Placement } from "./placement.ts";
import type { Demand, Problem } from "./problem.ts";

/** Where the last placement has what is placed now. */
export interface Seats {
  /** The data plane of a service, by its number, 0 for none; undefined when nothing was placed before. */
  dataplaneOf(service: number): number | undefined;
  /** The sides of the units from one number up to another; undefined for one that is new. */
  ofUnits(from: number, to: number): readonly (PlacedSide | undefined)[];
}

/** Nothing was placed before. */
const nowhere: Seats = {
  dataplaneOf: () => undefined,
  ofUnits: (from, to) => Array.from({ length: to - from }, () => undefined),
};

export function seatsOf(problem: Problem, previous: Placement | undefined): Seats {
  if (previous === undefined) return nowhere;
  const { services, dataplanes, calls, demands, starts, units } = problem;
  const proxies = new Map(previous.proxies.map(({ service, dataplane }) => [service, dataplane]));
  const sides = new Map<string, PlacedSide>();
  for (const proxy of previous.proxies)
    for (const { policy, section, side, calls: placed } of proxy.policies)
      for (const [from, to] of placed) sides.set(seat(policy, section, from, to), side);
  const ofUnit: (PlacedSide | undefined)[] = [];
  for (const [number, { from, to }] of calls.entries()) {
    for (let unit = at0(starts, number); unit < at0(starts, number + 1); unit++) {
      const { policy, section } = demands[at0(units, unit)] as Demand;
      ofUnit.push(sides.get(seat(policy.name, section.name, from, to)));
    }
  }
  return {
    dataplaneOf(service) {
      const had = proxies.get(services[service]?.name ?? "");
      return had === undefined ? 0 : dataplanes.findIndex(({ name }) => name === had) + 1;
    },
    ofUnits: (from, to) => ofUnit.slice(from, to),
  };
}

function seat(policy: string, section: string, from: string | null, to: string): string {
  return `${policy} ${section} ${from ?? ""}>${to}`;
}
