import { type CallCosts, type CallSides, callSides, type Shape, shapeOf } from "./call-sides.ts";
import { at0 } from "./network.ts";
import type { Demand } from "./policy-demands.ts";
import type { NumberedCall, Problem } from "./problem.ts";

/** A shape, with the tables that were made of it. */
interface Known {
  readonly shape: Shape;
  readonly sides: Map<string, CallSides>;
  /** The seats that were asked for last, where nothing else matters. */
  last?: { readonly width: number; readonly before: Uint8Array; readonly sides: CallSides };
}

/** Shapes of the calls of a mesh, by a hash of their demands. */
const knownOf = new WeakMap<readonly NumberedCall[], Map<number, Known[]>>();
const numbers = new WeakMap<Demand, number>();
let lastNumber = 0;

/** How many shapes for each call are kept: after so many changes it begins anew. */
const keptMax = 4;

/** The units of each call as a shape; what was found for the same mesh before is found again. Undefined for a call without units. */
export function shapesOf(problem: Problem): readonly (Known | undefined)[] {
  const { calls, demands, starts, units } = problem;
  const known = knownOf.get(calls) ?? new Map<number, Known[]>();
  if (known.size > keptMax * calls.length) known.clear();
  knownOf.set(calls, known);
  return calls.map((_, call) => {
    const [from, to] = [at0(starts, call), at0(starts, call + 1)];
    if (from === to) return undefined;
    let hash = 0;
    for (let unit = from; unit < to; unit++)
      hash = (Math.imul(hash, 31) + numberOf(demands[at0(units, unit)] as Demand)) | 0;
    const same = known.get(hash) ?? [];
    known.set(hash, same);
    for (const each of same) if (isOf(each.shape, problem, from, to)) return each;
    const own = Array.from(units.subarray(from, to), (number) => demands[number] as Demand);
    const made: Known = { shape: shapeOf(own), sides: new Map() };
    same.push(made);
    return made;
  });
}

/** The sides of a call, which are the same for all calls of a shape that were placed alike, where the rate does not matter. */
export function sidesOf(
  known: Known,
  width: number,
  at: {
    readonly call: NumberedCall;
    readonly grid: number;
    readonly costs: CallCosts;
    readonly before: Uint8Array;
  },
): CallSides {
  const { shape, last } = known;
  const hasCosts = shape.demands.some(({ costs }) => costs !== undefined);
  if (!hasCosts && last?.width === width && isEqual(last.before, at.before)) return last.sides;
  const key = `${width} ${hasCosts ? `${at.call.rate} ${at.grid}` : ""} ${at.before.join("")}`;
  const sides = known.sides.get(key) ?? callSides(shape, width, at);
  known.sides.set(key, sides);
  if (!hasCosts) known.last = { width, before: at.before, sides };
  return sides;
}

function isOf({ demands: own }: Shape, { demands, units }: Problem, from: number, to: number): boolean {
  if (own.length !== to - from) return false;
  for (let unit = from; unit < to; unit++) if (own[unit - from] !== demands[at0(units, unit)]) return false;
  return true;
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}

function numberOf(demand: Demand): number {
  const number = numbers.get(demand) ?? ++lastNumber;
  if (number === lastNumber) numbers.set(demand, number);
  return number;
}
