import type { Mesh } from "../mesh/mesh.ts";
import type { LaidChain } from "../xds/laid-chain.ts";
import { looksAtPaths } from "../xds/machinery.ts";

export type Calls = readonly (readonly [from: string, to: string])[];

/** The calls by which requests lead to others, and the proxies that see states go by. JSON. */
export interface Sights {
  readonly calls: Calls;
  /** Services whose proxies look at what comes in. */
  readonly inbound: readonly string[];
  /** Services whose proxies look at what goes out to services. */
  readonly outbound: readonly string[];
}

export function sightsOf(mesh: Mesh, chains: readonly LaidChain[]): Sights {
  const looking = (direction: LaidChain["direction"]): readonly string[] => [
    ...new Set(
      chains
        .filter((chain) => chain.direction === direction && chain.slots.some(looksAtPaths))
        .map(({ service }) => service),
    ),
  ];
  return {
    calls: mesh.calls.flatMap(({ from, to }) =>
      from !== null && mesh.services.get(to)?.protocol !== "tcp" ? [[from, to] as const] : [],
    ),
    inbound: looking("inbound"),
    outbound: looking("outbound"),
  };
}

/** Where a request goes behind a service before a proxy looks at it. */
export interface Stretch {
  /** The services that it comes through, that one first. */
  readonly services: readonly string[];
  /** Whether some proxy sees what becomes of it. */
  readonly isSeen: boolean;
}

/** From what a service sends on to the next proxies that look. */
export function stretchBehind(service: string, { calls, inbound, outbound }: Sights): Stretch {
  const services = new Set([service]);
  let isSeen = false;
  for (const from of services)
    for (const to of after(from, calls)) {
      if (outbound.includes(from) || inbound.includes(to)) isSeen = true;
      else services.add(to);
    }
  return { services: [...services], isSeen };
}

/** All that calls lead to, those that they begin with among them. */
export function reachable(from: readonly string[], calls: Calls): ReadonlySet<string> {
  const found = new Set(from);
  for (const one of found) for (const to of after(one, calls)) found.add(to);
  return found;
}

/** From whom is called to who calls. */
export function reversed(calls: Calls): Calls {
  const known = backward.get(calls) ?? calls.map(([from, to]) => [to, from] as const);
  backward.set(calls, known);
  return known;
}

const backward = new WeakMap<Calls, Calls>();
const callees = new WeakMap<Calls, ReadonlyMap<string, readonly string[]>>();

/** Whom a service calls, or in reversed calls who calls it. */
export function after(service: string, calls: Calls): readonly string[] {
  let known = callees.get(calls);
  if (known === undefined) {
    const all = Map.groupBy(calls, ([from]) => from);
    known = new Map([...all].map(([from, own]) => [from, own.map(([, to]) => to)]));
    callees.set(calls, known);
  }
  return known.get(service) ?? [];
}
