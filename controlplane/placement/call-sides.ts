import { commutes } from "../analysis/commutes.ts";
import { cheapestClosure, closureOf } from "./closure.ts";
import { emptyTable, type Table } from "./network.ts";
import type { PlacedSide } from "./placement.ts";
import type { Demand } from "./problem.ts";
import { joinsJudgement } from "./section.ts";

/** The units of a call, in order of enforcement, and what design §4 says of their sides. Many calls have the same. */
export interface Shape {
  readonly id: number;
  readonly demands: readonly Demand[];
  /** Of each pair: when the first is enforced at ingress, so is the second. */
  readonly implied: readonly (readonly [number, number])[];
}

/** What one unit of a demand costs on a call, in parts of the grid, by number of a data plane. */
export type CallCosts = (demand: Demand, dataplane: number) => number;

/** What has to be known of a call, beside its units and the data planes at its ends, to choose sides. */
export interface Circumstances {
  readonly costs: CallCosts;
  /** Where the last placement has each unit; absent for one that is new. */
  readonly before?: readonly (PlacedSide | undefined)[];
}

/** A choice of sides: for each unit whether it is enforced at ingress. */
export interface Sides {
  readonly ingress: readonly boolean[];
  readonly cost: number;
  readonly moves: number;
}

export function shapeOf(id: number, demands: readonly Demand[]): Shape {
  const implied: (readonly [number, number])[] = [];
  // Of two policies that do not commute, not the first at ingress and the second at egress.
  for (const [index, p] of demands.entries()) {
    for (let later = index + 1; later < demands.length; later++) {
      const q = demands[later];
      if (q === undefined || (p.policy === q.policy && p.section.name !== "either")) continue;
      if (!commutes(p.policy, q.policy, { p: p.section.name, q: q.section.name }))
        implied.push([index, later]);
    }
  }
  // All `Allow`s of a call are judged together.
  const [first, ...others] = demands.flatMap(({ policy, section }, index) =>
    joinsJudgement(policy, section) ? [index] : [],
  );
  for (const other of others) if (first !== undefined) implied.push([first, other], [other, first]);
  return { id, demands, implied };
}

/** What the cheapest sides of a call's units cost, by the data planes of its caller and its callee. */
export function sidesTable(shape: Shape, width: number, circumstances: Circumstances): Table {
  const { demands, implied } = shape;
  const table = emptyTable(width * width);
  if (demands.some(({ costs }) => costs !== undefined) || circumstances.before !== undefined) {
    for (let at = 0; at < width * width; at++) {
      const sides = cheapestSides(shape, [Math.floor(at / width), at % width], circumstances);
      table.cost[at] = sides?.cost ?? Number.POSITIVE_INFINITY;
      table.moves[at] = sides?.moves ?? 0;
    }
    return table;
  }
  // Where nothing costs and nothing was before, what the caller cannot enforce and all that this draws along has to fit the callee.
  for (let caller = 0; caller < width; caller++) {
    const must = demands.flatMap(({ at }, index) => (((at.egress >> caller) & 1) === 0 ? [index] : []));
    const drawn = closureOf(demands.length, must, implied);
    for (let callee = 0; callee < width; callee++)
      if (demands.some(({ at }, index) => drawn[index] === true && ((at.ingress >> callee) & 1) === 0))
        table.cost[caller * width + callee] = Number.POSITIVE_INFINITY;
  }
  return table;
}

/** The cheapest sides of a call's units between these two data planes, or undefined when some unit can be on none. */
export function cheapestSides(
  { demands, implied }: Shape,
  [egress, ingress]: readonly [egress: number, ingress: number],
  { costs, before }: Circumstances,
): Sides | undefined {
  const must: number[] = [];
  const mustNot: number[] = [];
  for (const [index, { at }] of demands.entries()) {
    if (((at.egress >> egress) & 1) === 0) must.push(index);
    if (((at.ingress >> ingress) & 1) === 0) mustNot.push(index);
  }
  const side = (isIngress: boolean, index: number, demand: Demand) => ({
    cost: demand.costs === undefined ? 0 : costs(demand, isIngress ? ingress : egress),
    moves:
      (before?.[index] ?? (isIngress ? "ingress" : "egress")) === (isIngress ? "ingress" : "egress") ? 0 : 1,
  });
  const weights = demands.map((demand, index) => {
    const [there, here] = [side(true, index, demand), side(false, index, demand)];
    return { cost: there.cost - here.cost, moves: there.moves - here.moves };
  });
  const chosen = cheapestClosure({ weights, must, mustNot, pairs: implied });
  if (chosen === undefined) return undefined;
  let cost = 0;
  let moves = 0;
  for (const [index, demand] of demands.entries()) {
    const each = side(chosen[index] === true, index, demand);
    cost += each.cost;
    moves += each.moves;
  }
  return { ingress: chosen, cost, moves };
}
