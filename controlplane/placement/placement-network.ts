import { strict as assert } from "node:assert";
import type { Side } from "../language/policy.ts";
import type { CallCosts, CallSides } from "./call-sides.ts";
import type { Cut } from "./cuts.ts";
import { at0, emptyTable, type Link, type Network, type Table } from "./network.ts";
import type { PlacedSide } from "./placement.ts";
import type { Demand } from "./policy-demands.ts";
import { asksPaths, type NumberedCall, type Problem, replicasOf } from "./problem.ts";
import { type Seats, wasAtIngress } from "./seats.ts";
import { shapesOf, sidesOf } from "./shapes.ts";
import { stampWidth, withStamps } from "./with-stamps.ts";

/** The placement as a cost function network: which data plane each service has, and what that means for the units of each call. */
export interface PlacementNetwork {
  readonly network: Network;
  /** Costs are whole numbers of this part of one. */
  readonly grid: number;
  /** Whether each unit is enforced at ingress, by the values of the variables. The cheapest way, and of equal ones that with the fewest moves. */
  sidesOf(values: Int32Array): Uint8Array;
  /** The services that stamp. */
  stampsOf(values: Int32Array): ReadonlySet<string>;
}

/**
 * The variables are the services, and their values the data planes, 0 for none. Where a callee knows its caller the sides of a call's
 * units are its own affair: the table of the call has the least that they cost. With `identity: none` all calls into a service have one
 * side for a section of a policy; then each such side is a variable too: 0 for egress, 1 for ingress. `withStamps` adds what the cuts ask for.
 */
export function placementNetwork(
  problem: Problem,
  before: Seats,
  cuts: readonly Cut[] = [],
): PlacementNetwork {
  const asks = asksPaths(problem);
  const width = Math.max(problem.dataplanes.length + 1, asks ? stampWidth : 0);
  const grid = gridOf(problem);
  const exact = (cost: number): number => Math.round(cost * grid);
  const shapes = shapesOf(problem);
  const costsOf =
    ({ rate }: NumberedCall): CallCosts =>
    (demand, side, dataplane) =>
      exact(rate * (demand.costs?.[side][dataplane] ?? 0));
  const parts = { width, grid, exact, shapes, costsOf, before };
  const { network, sidesOf, sideVariable } =
    problem.mesh.identity === "none" ? sharedSides(problem, parts) : ownSides(problem, parts);
  if (!asks) return { grid, sidesOf, network, stampsOf: () => new Set() };
  return { grid, sidesOf, ...withStamps(network, { problem, cuts, exact, before, sideVariable }) };
}

/** A network without stamps. */
interface Sides {
  readonly network: Network;
  readonly sidesOf: PlacementNetwork["sidesOf"];
  /** The variable of a side that is one for all calls into a service; undefined where there is none. */
  readonly sideVariable: (callee: number, section: Side, policy: string) => number | undefined;
}

interface Parts {
  readonly width: number;
  readonly grid: number;
  readonly exact: (cost: number) => number;
  /** By number of a call. */
  readonly shapes: ReturnType<typeof shapesOf>;
  readonly costsOf: (call: NumberedCall) => CallCosts;
  readonly before: Seats;
}

function ownSides(problem: Problem, parts: Parts): Sides {
  const { width, shapes, grid, costsOf, before } = parts;
  const { services, calls, starts } = problem;
  const unary = proxyCosts(problem, parts, services.length);
  const links: Link[] = [];
  const sides = calls.map((call, number): CallSides | undefined => {
    const shape = shapes[number];
    if (shape === undefined) return undefined;
    const seats = before.sides.subarray(at0(starts, number), at0(starts, number + 1));
    return sidesOf(shape, width, { call, grid, costs: costsOf(call), before: seats });
  });
  for (const [number, { caller, callee }] of calls.entries()) {
    const table = sides[number]?.table;
    if (table === undefined) continue;
    if (caller >= 0) links.push({ a: caller, b: callee, table });
    else for (let value = 0; value < width; value++) addTo(unary, callee * width + value, table, value);
  }
  return {
    network: { width, size: services.length, unary, links },
    sideVariable: () => undefined,
    sidesOf(values) {
      const all = new Uint8Array(problem.units.length);
      for (const [number, { caller, callee, to }] of calls.entries()) {
        const own = sides[number];
        if (own === undefined) continue;
        const chosen = own.chosen(caller < 0 ? 0 : at0(values, caller), at0(values, callee));
        assert(chosen !== undefined, `the call to ${to} has sides`);
        const first = at0(starts, number);
        for (let index = 0; index < chosen.length; index++)
          if (chosen[index] === true) all[first + index] = 1;
      }
      return all;
    },
  };
}

function sharedSides(problem: Problem, parts: Parts): Sides {
  const { width, shapes, costsOf, before } = parts;
  const { services, calls, starts, units, demands } = problem;
  /** The variable of each unit's side. */
  const variableOf = new Int32Array(units.length);
  const variables = new Map<string, number>();
  const keyOf = (callee: number, section: Side, policy: string): string => `${callee} ${section} ${policy}`;
  for (const [number, call] of calls.entries()) {
    for (let unit = at0(starts, number); unit < at0(starts, number + 1); unit++) {
      const { policy, section } = demands[at0(units, unit)] as Demand;
      const key = keyOf(call.callee, section.name, policy.name);
      const known = variables.get(key) ?? services.length + variables.size;
      variables.set(key, known);
      variableOf[unit] = known;
    }
  }
  const size = services.length + variables.size;
  const unary = proxyCosts(problem, parts, size);
  for (let variable = services.length; variable < size; variable++)
    for (let value = 2; value < width; value++)
      unary.cost[variable * width + value] = Number.POSITIVE_INFINITY;
  const links: Link[] = [];
  /** What a unit asks of a proxy, when it is enforced there. */
  const asks = (demand: Demand, side: PlacedSide, costs: CallCosts): Table => {
    const table = emptyTable(width * width);
    for (let dataplane = 0; dataplane < width; dataplane++)
      table.cost[(side === "ingress" ? width : 0) + dataplane] =
        ((demand.at[side] >> dataplane) & 1) === 1
          ? costs(demand, side, dataplane)
          : Number.POSITIVE_INFINITY;
    return table;
  };
  for (const [number, call] of calls.entries()) {
    const costs = costsOf(call);
    for (let unit = at0(starts, number); unit < at0(starts, number + 1); unit++) {
      const demand = demands[at0(units, unit)] as Demand;
      const variable = at0(variableOf, unit);
      const seat = at0(before.sides, unit);
      if (seat !== 0) {
        const other = variable * width + (seat === wasAtIngress ? 0 : 1);
        unary.moves[other] = at0(unary.moves, other) + 1;
      }
      links.push({ a: variable, b: call.callee, table: asks(demand, "ingress", costs) });
      if (call.caller >= 0) links.push({ a: variable, b: call.caller, table: asks(demand, "egress", costs) });
      else unary.cost[variable * width] = Number.POSITIVE_INFINITY;
    }
    for (const [p, q] of shapes[number]?.shape.implied ?? []) {
      const [a, b] = [at0(variableOf, at0(starts, number) + p), at0(variableOf, at0(starts, number) + q)];
      const table = emptyTable(width * width);
      table.cost[width] = Number.POSITIVE_INFINITY;
      if (a !== b) links.push({ a, b, table });
    }
  }
  return {
    network: { width, size, unary, links },
    sideVariable: (callee, section, policy) => variables.get(keyOf(callee, section, policy)),
    sidesOf: (values) => Uint8Array.from(units, (_, unit) => at0(values, at0(variableOf, unit))),
  };
}

/**
 * What proxies cost, and that each one that comes or goes outweighs all moves of units and all new stamps. One that costs nothing may go: whether something is
 * enforced there, for which alone it would stay, no single variable says.
 */
function proxyCosts(problem: Problem, { width, exact, before }: Parts, size: number): Table {
  const { services, fitting, dataplanes, units } = problem;
  const rates = problem.through;
  const unary = emptyTable(size * width);
  const weight = units.length + (asksPaths(problem) ? services.length : 0) + 1;
  for (const [number, service] of services.entries()) {
    const costOf = (value: number): number => {
      const { cost, requestCost = 0 } = dataplanes[value - 1] ?? { cost: 0 };
      return exact(replicasOf(service) * cost + at0(rates, number) * requestCost);
    };
    const had = before.dataplanes?.[number];
    const isMissed = had !== undefined && costOf(had) > 0;
    for (let value = 0; value < width; value++) {
      const at = number * width + value;
      const fits = value === 0 || (((fitting[number] ?? 0) >> value) & 1) === 1;
      unary.cost[at] = fits ? costOf(value) : Number.POSITIVE_INFINITY;
      if (had !== undefined && had !== value)
        unary.moves[at] = weight * ((isMissed ? 1 : 0) + (value > 0 ? 1 : 0));
    }
  }
  return unary;
}

function addTo(unary: Table, at: number, table: Table, from: number): void {
  unary.cost[at] = at0(unary.cost, at) + at0(table.cost, from);
  unary.moves[at] = at0(unary.moves, at) + at0(table.moves, from);
}

/** A millionth, finer where all costs are small, and coarser where sums of so many parts would not be exact. */
function gridOf(problem: Problem): number {
  const { services, dataplanes, calls, demands, starts, units } = problem;
  const dearest = Math.max(0, ...dataplanes.map(({ cost }) => cost));
  const busiest = Math.max(0, ...dataplanes.map(({ requestCost = 0 }) => requestCost));
  const rates = problem.through;
  let most = services.reduce(
    (sum, service, number) => sum + replicasOf(service) * dearest + at0(rates, number) * busiest,
    0,
  );
  const stamping = Math.max(0, ...dataplanes.map(({ stampCost = 0 }) => stampCost));
  if (asksPaths(problem))
    for (let number = 0; number < services.length; number++) most += at0(rates, number) * stamping;
  const priced = demands.map(({ costs }) =>
    costs === undefined ? 0 : Math.max(...costs.egress, ...costs.ingress),
  );
  if (priced.some((cost) => cost > 0))
    for (const [number, { rate }] of calls.entries())
      for (let unit = at0(starts, number); unit < at0(starts, number + 1); unit++)
        most += rate * (priced[at0(units, unit)] ?? 0);
  let grid = 1_000_000;
  while (most > 0 && most * grid < 1_000_000 && grid < 1e18) grid *= 10;
  while (most * grid > 2 ** 52) grid /= 10;
  return grid;
}
