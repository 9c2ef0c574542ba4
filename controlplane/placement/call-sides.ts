import { commutes } from "../analysis/commutes.ts";
import { type Headed, splits } from "../analysis/splits.ts";
import { cheapestClosure, closureOf } from "./closure.ts";
import { at0, emptyTable, type Table } from "./network.ts";
import type { PlacedSide } from "./placement.ts";
import type { Demand } from "./policy-demands.ts";
import { wasAtEgress, wasAtIngress } from "./seats.ts";

/** The units of a call, in order of enforcement, and what design §4 says of their sides. Many calls have the same. */
export interface Shape {
  readonly demands: readonly Demand[];
  /** Of each pair: when the first is enforced at ingress, so is the second: for the sake of their order, or as they are judged or done together. */
  readonly implied: readonly (readonly [number, number])[];
}

/** What one unit of a demand costs on a side of a call, in parts of the grid, by number of a data plane. */
export type CallCosts = (demand: Demand, side: PlacedSide, dataplane: number) => number;

/** What has to be known of a call, beside its units and the data planes at its ends, to choose sides. */
export interface Circumstances {
  readonly costs: CallCosts;
  /** Where the last placement has each unit, as in `Seats`. */
  readonly before: Uint8Array;
}

/** The cheapest sides of a call's units, by the data planes of its caller and its callee. */
export interface CallSides {
  /** What they cost; infinitely much where some unit can be on no side. */
  readonly table: Table;
  /** For each unit whether it is enforced at ingress. */
  chosen(caller: number, callee: number): readonly boolean[] | undefined;
}

export function shapeOf(demands: readonly Demand[]): Shape {
  return { demands, implied: impliedAmong(demands) };
}

/** A section of a policy, as far as it keeps others on a side of a call. */
export type Binding = Pick<Demand, "policy" | "section" | "sides" | "judges">;

/** See `Shape`; they come in order of enforcement. */
export function impliedAmong(demands: readonly Binding[]): Shape["implied"] {
  const implied: (readonly [number, number])[] = [];
  for (const [index, p] of demands.entries()) {
    for (let later = index + 1; later < demands.length; later++) {
      const q = demands[later];
      if (q === undefined) continue;
      const isOrdered = p.policy !== q.policy || p.section.name === "either";
      if ((isOrdered && isNested(p, q)) || isTorn(q, p, false)) implied.push([index, later]);
      if (isTorn(p, q, true)) implied.push([later, index]);
    }
  }
  // All `Allow`s of a call are judged together.
  const [first, ...others] = demands.flatMap(({ judges }, index) => (judges ? [index] : []));
  for (const other of others) if (first !== undefined) implied.push([first, other], [other, first]);
  return implied;
}

/** Whether two demands, which come in this order, do not commute, so that not the first may be at ingress and the second at egress. */
export function isNested(p: Binding, q: Binding): boolean {
  return !commutes(p.policy, q.policy, { p: p.section.name, q: q.section.name });
}

/** Whether cost would choose between meanings if the first could be at egress and the second at ingress. Where both can be on one side only, as headings say, there is no choice. */
function isTorn(caller: Binding, callee: Binding, isLater: boolean): boolean {
  return (
    caller.sides.length + callee.sides.length > 2 &&
    splits(headed(caller), headed(callee), isLater) !== undefined
  );
}

/** A demand as `splits` takes it. */
export function headed({ policy, section }: Binding): Headed {
  return { policy, heading: section.name };
}

export function callSides(shape: Shape, width: number, circumstances: Circumstances): CallSides {
  const isPlain =
    circumstances.before.every((seat) => seat === 0) &&
    shape.demands.every(({ costs }) => costs === undefined);
  return isPlain ? plainSides(shape, width) : weighedSides(shape, width, circumstances);
}

/** Where nothing costs and nothing was before, what the caller cannot enforce and all that this draws along has to fit the callee. */
function plainSides({ demands, implied }: Shape, width: number): CallSides {
  const table = emptyTable(width * width);
  const drawn: (readonly boolean[])[] = [];
  for (let caller = 0; caller < width; caller++) {
    const must = demands.flatMap(({ at }, index) => (((at.egress >> caller) & 1) === 0 ? [index] : []));
    const own = closureOf(demands.length, must, implied);
    drawn.push(own);
    for (let callee = 0; callee < width; callee++)
      if (demands.some(({ at }, index) => own[index] === true && ((at.ingress >> callee) & 1) === 0))
        table.cost[caller * width + callee] = Number.POSITIVE_INFINITY;
  }
  return {
    table,
    chosen: (caller, callee) =>
      at0(table.cost, caller * width + callee) === Number.POSITIVE_INFINITY ? undefined : drawn[caller],
  };
}

function weighedSides(
  { demands, implied }: Shape,
  width: number,
  { costs, before }: Circumstances,
): CallSides {
  const table = emptyTable(width * width);
  const chosen: (readonly boolean[] | undefined)[] = [];
  for (let caller = 0; caller < width; caller++) {
    const must = demands.flatMap(({ at }, index) => (((at.egress >> caller) & 1) === 0 ? [index] : []));
    for (let callee = 0; callee < width; callee++) {
      const mustNot = demands.flatMap(({ at }, index) => (((at.ingress >> callee) & 1) === 0 ? [index] : []));
      const weigh = (demand: Demand, index: number, isIngress: boolean) => ({
        cost:
          demand.costs === undefined
            ? 0
            : isIngress
              ? costs(demand, "ingress", callee)
              : costs(demand, "egress", caller),
        moves: at0(before, index) === (isIngress ? wasAtEgress : wasAtIngress) ? 1 : 0,
      });
      const sides = cheapestClosure({
        weights: demands.map((demand, index) => {
          const [there, here] = [weigh(demand, index, true), weigh(demand, index, false)];
          return { cost: there.cost - here.cost, moves: there.moves - here.moves };
        }),
        must,
        mustNot,
        pairs: implied,
      });
      chosen.push(sides);
      let cost = sides === undefined ? Number.POSITIVE_INFINITY : 0;
      let moves = 0;
      for (const [index, isIngress] of sides?.entries() ?? []) {
        const own = weigh(demands[index] as Demand, index, isIngress);
        cost += own.cost;
        moves += own.moves;
      }
      table.cost[caller * width + callee] = cost;
      table.moves[caller * width + callee] = moves;
    }
  }
  return { table, chosen: (caller, callee) => chosen[caller * width + callee] };
}
