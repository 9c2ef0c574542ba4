import { strict as assert } from "node:assert";
import type { Cut } from "./cuts.ts";
import { type Least, least } from "./least.ts";
import { reachOf, within } from "./nearby.ts";
import type { Network } from "./network.ts";
import { partOf, withServices } from "./part-of.ts";
import type { LeastCost, PlacedProxy } from "./placement.ts";
import { type Problem, type Unit, unitsOf } from "./problem.ts";
import { seatsOf } from "./seats.ts";

/** Why a service has a proxy. */
export interface Forcing {
  /** Were these all there is to enforce, every cheapest placement would still have a proxy here. */
  readonly units: readonly Unit[];
  /** `smallest`: no fewer units do. `minimal`: none of these can be left out. `enough`: the time was up before either was known. */
  readonly size: "smallest" | "minimal" | "enough";
  /** What enforcing just these costs with a proxy here, and without one: absent where it is impossible. */
  readonly cost: LeastCost;
  readonly without?: LeastCost;
}

/** Whether every cheapest placement has a proxy on a service; `undecided` where the time was up before that was proved. */
export type Need =
  | { readonly kind: "forced"; readonly forcing: Forcing }
  | { readonly kind: "free" }
  | { readonly kind: "undecided" };

/** As many sets of units are tried before a minimal one has to do. */
const trialsMax = 2_000;
const sizeMax = 3;
/** As many sets of the same size are held against everything else. */
const rivalsMax = 16;

/** The fewest units that by themselves force a proxy on a service. The solver may think so long about each question. */
export async function forcingOf(problem: Problem, proxy: PlacedProxy, timeLimitS: number): Promise<Need> {
  const { service } = proxy;
  const all = [...unitsOf(problem)].map((unit, number) => ({ unit, number }));
  const cuts: Cut[] = [];
  const judge = async (units: readonly Numbered[]): Promise<Need["kind"]> => {
    // A service may have to stamp for calls far away.
    if (!proxy.stamps && !units.some(({ unit: { call } }) => call.from === service || call.to === service))
      return "free";
    const { best, without } = await costs(problem, service, { units, timeLimitS, cuts });
    return needOf(best, without);
  };
  const answer = async ({ units, size }: Found): Promise<Need> => {
    const { best, without } = await costs(problem, service, { units, timeLimitS, cuts });
    assert(best.kind === "solved", "what forces a proxy can be enforced");
    return {
      kind: "forced",
      forcing: {
        units: units.map(({ unit }) => unit),
        size,
        cost: leastCost(best),
        ...(without.kind === "solved" ? { without: leastCost(without) } : {}),
      },
    };
  };
  const kind = await judge(all);
  if (kind !== "forced") return { kind };
  // Those that the proxy enforces first: they are what one looks for.
  const [own = [], others = []] = [true, false].map((is) =>
    all.filter(({ unit }) => enforces(proxy, unit) === is),
  );
  if (proxy.stamps) {
    const asking = all.filter((each) => asks(each.unit) || enforces(proxy, each.unit));
    return await answer(await minimal((await judge(asking)) === "forced" ? asking : all, judge));
  }
  const few = await fewest(service, [...own, ...others], judge);
  if (few !== undefined) return await answer(few);
  if ((await judge(own)) === "forced") return await answer(await minimal(own, judge));
  // Farther and farther around the service, until what is there forces the proxy.
  for (let near: ReadonlySet<string> = new Set([service]); ; near = reachOf(near, all)) {
    const around = within(near, all);
    if (around.length === all.length || (await judge(around)) === "forced")
      return await answer(await minimal(around, judge));
    assert(reachOf(near, all).size > near.size, "what forces a proxy is connected with it");
  }
}

function asks({ demand }: Unit): boolean {
  return demand.asks.egress || demand.asks.ingress;
}

export function enforces({ service, policies }: PlacedProxy, { demand, call }: Unit): boolean {
  return policies.some(
    ({ policy, section, side, calls }) =>
      policy === demand.policy.name &&
      section === demand.section.name &&
      (side === "ingress" ? call.to : call.from) === service &&
      calls.some(([from, to]) => from === call.from && to === call.to),
  );
}

interface Numbered {
  readonly unit: Unit;
  readonly number: number;
}

interface Found {
  readonly units: readonly Numbered[];
  readonly size: Forcing["size"];
}

type Judge = (units: readonly Numbered[]) => Promise<Need["kind"]>;

/**
 * As few units as force a proxy on a service, of all there are; undefined where these would be too many to find. Units of which no chain of
 * calls leads to the service change nothing about it, so that of `size` units none is farther away than that.
 */
async function fewest(service: string, all: readonly Numbered[], judge: Judge): Promise<Found | undefined> {
  let trials = 0;
  let isDecided = true;
  let near: ReadonlySet<string> = new Set([service]);
  for (let size = 1; size <= sizeMax; size++) {
    const around = within(near, all);
    near = reachOf(near, all);
    if (around.length < size || trials + choices(around.length, size) > trialsMax) return undefined;
    const isSmallest = isDecided;
    let first: Found | undefined;
    let rivals = 0;
    for (const units of subsets(around, size)) {
      trials++;
      const kind = await judge(units);
      if (kind === "undecided") isDecided = false;
      if (kind !== "forced") continue;
      const found: Found = { units, size: isSmallest ? "smallest" : "enough" };
      first ??= found;
      // Of several, those are to blame that nothing else stands behind: without their policies there would be no need.
      if ((await judge(withoutPolicies(units, all))) === "free") return found;
      if (++rivals === rivalsMax) break;
    }
    if (first !== undefined) return first;
  }
  return undefined;
}

function withoutPolicies(units: readonly Numbered[], all: readonly Numbered[]): readonly Numbered[] {
  const policies = new Set(units.map(({ unit }) => unit.demand.policy));
  return all.filter(({ unit }) => !policies.has(unit.demand.policy));
}

async function minimal(around: readonly Numbered[], judge: Judge): Promise<Found> {
  let left = around;
  let isDecided = true;
  const drop = async (units: readonly Numbered[]): Promise<void> => {
    for (const each of units.toReversed()) {
      const others = left.filter((other) => other !== each);
      const kind = await judge(others);
      if (kind === "undecided") isDecided = false;
      if (kind === "forced") left = others;
    }
  };
  // What could not be left out before may be left out after others have been.
  for (let before = 0; before !== left.length; ) {
    before = left.length;
    isDecided = true;
    await drop(left);
  }
  return { units: left, size: isDecided ? "minimal" : "enough" };
}

interface Costs {
  readonly best: Least;
  readonly without: Least;
}

/** The least costs of enforcing some units: at all, and without a proxy at this service, which is one of theirs. */
async function costs(
  problem: Problem,
  service: string,
  asked: { readonly units: readonly Numbered[]; readonly timeLimitS: number; readonly cuts: Cut[] },
): Promise<Costs> {
  const { units, timeLimitS, cuts } = asked;
  const own = partOf(problem, new Set(units.map(({ number }) => number)));
  const isNear = own.services.some(({ name }) => name === service);
  // One that stamps need not be at either end of any of their calls.
  const part = isNear ? own : withServices(own, [service]);
  const place = part.services.findIndex(({ name }) => name === service);
  const options = { before: seatsOf(part, undefined), timeLimitS, cuts };
  const best = await least(part, options);
  const without = await least(part, { ...options, change: (network) => withoutProxy(network, place) });
  // What was found for the second may make the costs of the first finer or coarser.
  const isAlike = best.kind !== "solved" || without.kind !== "solved" || best.grid === without.grid;
  return { best: isAlike ? best : await least(part, options), without };
}

/** What the optima prove: a cost that was found may not be the least, but none is below its bound. */
export function needOf(best: Least, without: Least): Need["kind"] {
  if (best.kind === "infeasible") return "free";
  if (without.kind === "solved" && best.kind === "solved") {
    if (without.bound > best.cost) return "forced";
    return without.cost <= best.bound ? "free" : "undecided";
  }
  return without.kind === "infeasible" && best.kind === "solved" ? "forced" : "undecided";
}

function leastCost({ cost, bound, grid }: Extract<Least, { readonly kind: "solved" }>): LeastCost {
  return { cost: cost / grid, bound: bound / grid };
}

/** The network in which a variable has its first value. */
export function withoutProxy(network: Network, variable: number): Network {
  const { width, unary } = network;
  const cost = unary.cost.slice();
  cost.fill(Number.POSITIVE_INFINITY, variable * width + 1, (variable + 1) * width);
  return { ...network, unary: { cost, moves: unary.moves } };
}

function* subsets<T>(all: readonly T[], size: number, from = 0): Generator<readonly T[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let first = from; first <= all.length - size; first++)
    for (const rest of subsets(all, size - 1, first + 1)) yield [all[first] as T, ...rest];
}

function choices(count: number, size: number): number {
  let ways = 1;
  for (let each = 0; each < size; each++) ways = (ways * (count - each)) / (each + 1);
  return ways;
}
