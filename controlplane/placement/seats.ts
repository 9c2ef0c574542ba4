import type { Layout } from "./layout.ts";
import { at0 } from "./network.ts";
import type { Placement } from "./placement.ts";
import type { Demand } from "./policy-demands.ts";
import type { Problem } from "./problem.ts";

/** Where the last placement has what is placed now. */
export interface Seats {
  /** The number of each service's data plane, 0 for none; absent when nothing was placed before. */
  readonly dataplanes?: Int32Array;
  /** By unit: where it was. */
  readonly sides: Uint8Array;
  /** The services that stamped. */
  readonly stamps: ReadonlySet<string>;
}

/** The entries of `Seats.sides`; 0 is for a unit that is new. */
export const wasAtEgress = 1;
export const wasAtIngress = 2;

const layouts = new WeakMap<Placement, Layout>();

/** Keep what a placement was made from, as long as somebody has the placement: whoever asks where things are need not look for names. */
export function rememberLayout(placement: Placement, layout: Layout): void {
  layouts.set(placement, layout);
}

export function layoutOf(placement: Placement | undefined): Layout | undefined {
  return placement && layouts.get(placement);
}

export function seatsOf(problem: Problem, previous: Placement | undefined): Seats {
  if (previous === undefined) return { sides: new Uint8Array(problem.units.length), stamps: new Set() };
  const layout = layoutOf(previous);
  return {
    dataplanes: dataplanesOf(problem, previous),
    sides:
      layout?.problem.mesh === problem.mesh ? sidesByLayout(problem, layout) : sidesByName(problem, previous),
    stamps: new Set(previous.proxies.flatMap(({ service, stamps }) => (stamps ? [service] : []))),
  };
}

function dataplanesOf({ services, dataplanes }: Problem, { proxies }: Placement): Int32Array {
  const had = new Map(proxies.map(({ service, dataplane }) => [service, dataplane]));
  const numbers = new Map(dataplanes.map(({ name }, index) => [name, index + 1]));
  return Int32Array.from(services, ({ name }) => numbers.get(had.get(name) ?? "") ?? 0);
}

/** Both have the same calls, and most of their demands are the same. */
function sidesByLayout({ calls, demands, starts, units }: Problem, layout: Layout): Uint8Array {
  const old = layout.problem;
  const sides = new Uint8Array(units.length);
  for (let call = 0; call < calls.length; call++) {
    const [from, to] = [at0(old.starts, call), at0(old.starts, call + 1)];
    let next = from;
    for (let unit = at0(starts, call); unit < at0(starts, call + 1); unit++) {
      const demand = demands[at0(units, unit)] as Demand;
      // The order is mostly the same too: look on from where the last one was.
      for (let looked = 0; looked < to - from; looked++) {
        const other = next;
        next = next + 1 < to ? next + 1 : from;
        if (!isSame(demand, old.demands[at0(old.units, other)] as Demand)) continue;
        sides[unit] = at0(layout.sides, other) === 1 ? wasAtIngress : wasAtEgress;
        break;
      }
    }
  }
  return sides;
}

function isSame(one: Demand, other: Demand): boolean {
  return one === other || (one.policy.name === other.policy.name && one.section.name === other.section.name);
}

function sidesByName({ calls, demands, starts, units }: Problem, previous: Placement): Uint8Array {
  const known = new Map<string, number>();
  for (const proxy of previous.proxies)
    for (const { policy, section, side, calls: placed } of proxy.policies)
      for (const [from, to] of placed)
        known.set(seat(policy, section, from, to), side === "ingress" ? wasAtIngress : wasAtEgress);
  const sides = new Uint8Array(units.length);
  for (const [number, { from, to }] of calls.entries()) {
    for (let unit = at0(starts, number); unit < at0(starts, number + 1); unit++) {
      const { policy, section } = demands[at0(units, unit)] as Demand;
      sides[unit] = known.get(seat(policy.name, section.name, from, to)) ?? 0;
    }
  }
  return sides;
}

function seat(policy: string, section: string, from: string | null, to: string): string {
  return `${policy} ${section} ${from ?? ""}>${to}`;
}
