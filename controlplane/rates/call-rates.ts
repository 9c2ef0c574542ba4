import type { Mesh } from "../mesh/mesh.ts";
import type { Load } from "./spread.ts";

/**
 * How a rate is known. `counted`: the caller's proxy counts its calls. `remainder`: the callee's proxy counts all that come, and of the other
 * callers the rate is known. `split`: there are several such callers, and what is left is divided as the mesh file says that they call.
 */
export type Basis = "counted" | "remainder" | "split";

/** Requests a second of a call; of one to a store, connections. From null: from outside. */
export interface CallRate {
  readonly from: string | null;
  readonly to: string;
  readonly rate: number;
  /** What the mesh file says; null from outside, of which it says nothing. */
  readonly declared: number | null;
  readonly basis: Basis;
  /** Over so many seconds. */
  readonly seconds: number;
}

/** What a service's proxy has counted: by callee, and what came to the service itself. */
export interface ProxyLoad {
  readonly outbound: ReadonlyMap<string, Load>;
  readonly inbound?: Load;
}

/** Of requests from outside the mesh file says no rate. */
const outsideWeight = 1;

/** The rates of the calls of a mesh that a proxy on one of their sides can tell, in the order of the mesh; those from outside first. */
export function callRates(
  mesh: Pick<Mesh, "services" | "calls">,
  loads: ReadonlyMap<string, ProxyLoad>,
): readonly CallRate[] {
  const calls = callsOf(mesh);
  const counted = new Map(
    calls.flatMap(({ from, to }) => {
      const load = from === null ? undefined : loads.get(from)?.outbound.get(to);
      return load === undefined ? [] : [[keyOf(from, to), load] as const];
    }),
  );
  const callers = Map.groupBy(calls, ({ to }) => to);
  return calls.flatMap(({ from, to, rate: weight }): readonly CallRate[] => {
    const call = { from, to, declared: from === null ? null : weight };
    const own = counted.get(keyOf(from, to));
    if (own !== undefined) return [{ ...call, rate: own.perSecond, basis: "counted", seconds: own.seconds }];
    const inbound = loads.get(to)?.inbound;
    if (inbound === undefined) return [];
    const all = callers.get(to) ?? [];
    const rest = all.filter((other) => !counted.has(keyOf(other.from, to)));
    const known = all.reduce((sum, other) => sum + (counted.get(keyOf(other.from, to))?.perSecond ?? 0), 0);
    // The two proxies do not count over the same time, and the callee's leaves out what it denies.
    const left = Math.max(0, inbound.perSecond - known);
    const { seconds } = inbound;
    if (rest.length === 1) return [{ ...call, rate: left, basis: "remainder", seconds }];
    const weights = rest.reduce((sum, other) => sum + other.rate, 0);
    const share = weights === 0 ? 1 / rest.length : weight / weights;
    return [{ ...call, rate: left * share, basis: "split", seconds }];
  });
}

/** The calls that there are, those from outside too. */
export function callsOf({ services, calls }: Pick<Mesh, "services" | "calls">): Mesh["calls"] {
  const entries = [...services.values()].filter(({ entry }) => entry);
  return [...entries.map(({ name }) => ({ from: null, to: name, rate: outsideWeight })), ...calls];
}

function keyOf(from: string | null, to: string): string {
  return `${from ?? ""}>${to}`;
}
