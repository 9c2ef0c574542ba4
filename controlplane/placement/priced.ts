import type { ActionCost, Amounts, ProxyCost } from "../language/cost.ts";
import { measuredCosts } from "../language/measured-costs.ts";
import { type DeclaredDataplane, isInUnits } from "../language/offer.ts";
import { defaultPrices, type Prices } from "../mesh/mesh.ts";
import type { Dataplane } from "./dataplane.ts";

/** A data plane whose costs are in thousandths of a CPU, memory at its price in CPU, where it says what its proxies take. */
export interface PricedDataplane extends Dataplane {
  /** Absent where costs are bare numbers. */
  readonly amounts?: Required<Amounts>;
}

/**
 * Data planes as the solver wants them, with one number as cost. Bare numbers stay as they are, 1 where nothing is said. Where one data plane
 * has units all have: what is not said is what was measured.
 */
export function priced(
  declared: readonly DeclaredDataplane[],
  prices: Prices = defaultPrices,
): readonly PricedDataplane[] {
  const inUnits = declared.some((dataplane) => isInUnits(dataplane) === true);
  return declared.map(({ name, actions, sides, cost, actionCosts }) => {
    const common = { name, actions, sides };
    if (!inUnits) {
      const costs = Object.entries(actionCosts).map(([action, each]) => [action, bare(each)] as const);
      return { ...common, cost: bare(cost ?? 1), actionCosts: Object.fromEntries(costs) };
    }
    const amounts = { ...measuredCosts.proxy, ...(typeof cost === "object" ? cost : {}) };
    const costs = actions.map((action) => [action, milliAtOneASecond(nsOf(action, actionCosts))] as const);
    return withAmounts({ ...common, actionCosts: Object.fromEntries(costs) }, amounts, prices);
  });
}

/** A data plane whose proxies take these amounts. */
export function withAmounts(
  dataplane: Omit<PricedDataplane, "cost" | "requestCost" | "stampCost" | "checkCost" | "amounts">,
  amounts: Required<Amounts>,
  prices: Prices = defaultPrices,
): PricedDataplane {
  return {
    ...dataplane,
    cost: amounts.cpuMilli + amounts.memoryMib * milliForMib(prices),
    requestCost: milliAtOneASecond(amounts.requestNs),
    stampCost: milliAtOneASecond(amounts.stampNs),
    checkCost: milliAtOneASecond(amounts.checkNs),
    amounts,
  };
}

/** What a MiB is worth in thousandths of a CPU. */
export function milliForMib({ cpu, memory }: Prices): number {
  return ((memory / cpu) * 1000) / 1024;
}

/** CPU time of something that happens once a second, in thousandths of a CPU. */
function milliAtOneASecond(ns: number): number {
  return ns / 1_000_000;
}

function nsOf(action: string, said: Readonly<Record<string, ActionCost>>): number {
  const own = said[action];
  return typeof own === "object" ? own.cpuNs : measuredNs(action);
}

/** Connections and remote calls have the figures of requests: they are not measured themselves. */
function measuredNs(action: string): number {
  const measured = action
    .replace(/^(RPCRequest|Connection)\./, "Request.")
    .replace(/^RPCResponse\./, "Response.");
  return measuredCosts.actionNs[measured] ?? 0;
}

/** That no units are among these has been checked. */
function bare(cost: ProxyCost | ActionCost): number {
  return typeof cost === "number" ? cost : 0;
}
