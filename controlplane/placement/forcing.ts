import { strict as assert } from "node:assert";
import type { Network } from "./network.ts";
import { optimize } from "./optimize.ts";
import { partOf } from "./part-of.ts";
import type { PlacedProxy } from "./placement.ts";
import { placementNetwork } from "./placement-network.ts";
import { type Problem, type Unit, unitsOf } from "./problem.ts";
import { seatsOf } from "./seats.ts";

/** Why a service has a proxy. */
export interface Forcing {
  /** Were these all there is to enforce, every cheapest placement would still have a proxy here. */
  readonly units: readonly Unit[];
  /** `smallest`: no fewer units do. `minimal`: none of these can be left out. */
  readonly size: "smallest" | "minimal";
  /** What enforcing just these costs with a proxy here, and without one: absent where it is impossible. */
  readonly cost: number;
  readonly without?: number;
}

/** How long the solver may think about one question. */
const timeLimitS = 5;
/** As many sets of units are tried before a minimal one has to do. */
const trialsMax = 2_000;
const sizeMax = 3;

/**
 * The fewest units that by themselves force a proxy on a service, of those that it enforces in the placement where these do; undefined when
 * there is a placement as cheap without one.
 */
export async function forcingOf(problem: Problem, proxy: PlacedProxy): Promise<Forcing | undefined> {
  const { service } = proxy;
  const all = [...unitsOf(problem)].map((unit, number) => ({ unit, number }));
  if (!(await isForced(problem, service, all))) return undefined;
  const own = all.filter(({ unit }) => enforces(proxy, unit));
  if (await isForced(problem, service, own)) return await fewest(problem, service, own);
  // Farther and farther around the service, until what is there forces the proxy.
  const near = new Set([service]);
  for (;;) {
    const around = all.filter(({ unit: { call } }) => near.has(call.from ?? "") || near.has(call.to));
    if (around.length === all.length || (await isForced(problem, service, around)))
      return await fewest(problem, service, around);
    const reach = near.size;
    for (const { call } of around.map(({ unit }) => unit)) {
      near.add(call.to);
      if (call.from !== null) near.add(call.from);
    }
    assert(near.size > reach, "what forces a proxy is connected with it");
  }
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

async function fewest(problem: Problem, service: string, around: readonly Numbered[]): Promise<Forcing> {
  const answer = async (units: readonly Numbered[], size: Forcing["size"]): Promise<Forcing> => {
    const { cost, without } = await costs(problem, service, units);
    return {
      units: units.map(({ unit }) => unit),
      size,
      cost: cost ?? 0,
      ...(without === undefined ? {} : { without }),
    };
  };
  let trials = 0;
  for (let size = 1; size <= sizeMax && trials + choices(around.length, size) <= trialsMax; size++) {
    for (const units of subsets(around, size)) {
      trials++;
      if (await isForced(problem, service, units)) return await answer(units, "smallest");
    }
  }
  let left = around;
  for (const each of around.toReversed()) {
    const others = left.filter((other) => other !== each);
    if (await isForced(problem, service, others)) left = others;
  }
  return await answer(left, "minimal");
}

async function isForced(problem: Problem, service: string, units: readonly Numbered[]): Promise<boolean> {
  if (!units.some(({ unit: { call } }) => call.from === service || call.to === service)) return false;
  const { cost, without } = await costs(problem, service, units);
  return cost !== undefined && (without === undefined || without > cost);
}

/** The least costs of enforcing some units: at all, and without a proxy at this service. Undefined where it cannot be. */
async function costs(
  problem: Problem,
  service: string,
  units: readonly Numbered[],
): Promise<{ readonly cost: number | undefined; readonly without: number | undefined }> {
  const part = partOf(problem, new Set(units.map(({ number }) => number)));
  const { network, grid } = placementNetwork(part, seatsOf(part, undefined));
  const place = part.services.findIndex(({ name }) => name === service);
  const of = async (asked: Network): Promise<number | undefined> => {
    const optimum = await optimize(asked, timeLimitS);
    return optimum.kind === "solved" ? optimum.cost / grid : undefined;
  };
  return { cost: await of(network), without: await of(withoutProxy(network, place)) };
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
