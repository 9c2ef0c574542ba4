import { componentsOf, restrict } from "./components.ts";
import { dive } from "./dive.ts";
import { at0, type Network, type Table, weightOf } from "./network.ts";
import { programOf } from "./program.ts";
import { reduce } from "./reduce.ts";
import { proveLeast, solveProgram } from "./solver.ts";
import { tighten } from "./tighten.ts";

/** The best assignment of a network, or that it has none. */
export type Optimum =
  | {
      readonly kind: "solved";
      readonly values: Int32Array;
      readonly cost: number;
      /** No assignment costs less; equal to the cost where that is proved. */
      readonly bound: number;
    }
  | { readonly kind: "infeasible" }
  /** The time was up before there was any. */
  | { readonly kind: "nothing" };

/**
 * The cheapest assignment, proved, and of those one with the fewest moves: the reductions first, then each part that is left for itself,
 * as a mixed-integer program where a good guess does not meet its bound.
 */
export async function optimize(network: Network, timeLimitS: number): Promise<Optimum> {
  const reduced = reduce(network);
  if (reduced.kind === "infeasible") return { kind: "infeasible" };
  const { kernel } = reduced;
  const left = new Int32Array(kernel.network.size);
  let bound = kernel.cost;
  let secondsLeft = timeLimitS;
  for (const variables of componentsOf(kernel.network)) {
    const part = restrict(kernel.network, variables);
    const solved = await solvePart(part, secondsLeft);
    if (solved.kind !== "solved") return solved;
    for (const [index, variable] of variables.entries()) left[variable] = at0(solved.values, index);
    bound += solved.bound;
    secondsLeft = Math.max(0, secondsLeft - solved.seconds);
  }
  const values = kernel.complete(left);
  return { kind: "solved", values, cost: weightOf(network, values).cost, bound };
}

async function solvePart(
  part: Network,
  timeLimitS: number,
): Promise<
  Exclude<Optimum, { kind: "solved" }> | (Extract<Optimum, { kind: "solved" }> & { readonly seconds: number })
> {
  const { network: tight, bound } = tighten(part);
  const guess = dive(tight);
  const guessed = guess && weightOf(part, guess);
  const hasMoves = mayMove(part);
  if (guess !== undefined && guessed?.cost === bound && !hasMoves)
    return { kind: "solved", values: guess, cost: bound, bound, seconds: 0 };

  // The solver sees small numbers: costs are taken from the least of each variable, and in the largest unit that divides them all.
  const { network, offset, unit } = scaled(tight);
  const { program, read, write } = programOf(network);
  const answer = await solveProgram({
    program,
    ...(guess === undefined ? {} : { start: write(guess) }),
    fewestMoves: hasMoves,
    timeLimitS,
  });
  const { seconds } = answer;
  if (answer.kind === "infeasible") return { kind: "infeasible" };
  // Nothing costs less than the bound that needs no solver. What the solver proves of whole numbers holds for the next whole one.
  const proved = Math.max(
    bound,
    offset + unit * Math.ceil(answer.bound - tolerance * Math.max(1, Math.abs(answer.bound))),
  );
  const values = answer.kind === "nothing" ? guess : read(answer.columns);
  if (values === undefined) return { kind: "nothing" };
  const { cost } = weightOf(part, values);
  if (answer.kind !== "optimal" && guess !== undefined && (guessed?.cost ?? cost) < cost)
    return { kind: "solved", values: guess, cost: guessed?.cost ?? cost, bound: proved, seconds };
  if (proved >= cost || answer.kind !== "optimal")
    return { kind: "solved", values, cost, bound: Math.min(proved, cost), seconds };
  const proof = await proveLeast({
    network,
    cost: (cost - offset) / unit,
    timeLimitS: Math.max(0, timeLimitS - seconds),
  });
  return {
    kind: "solved",
    values,
    cost,
    bound: proof.isLeast ? cost : proved,
    seconds: seconds + proof.seconds,
  };
}

/** How far the solver's sums may be from the truth, of one. */
const tolerance = 1e-6;

/** Whether some assignment moves more than another. */
function mayMove({ unary, links }: Network): boolean {
  const differs = ({ moves }: Table): boolean => moves.some((each) => each !== 0);
  return differs(unary) || links.some(({ table }) => differs(table));
}

function scaled(network: Network): {
  readonly network: Network;
  readonly offset: number;
  readonly unit: number;
} {
  const { width, size, unary, links } = network;
  const cost = unary.cost.slice();
  let offset = 0;
  for (let variable = 0; variable < size; variable++) {
    const own = cost.subarray(variable * width, (variable + 1) * width);
    const least = own.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    offset += least;
    for (const [value, each] of own.entries()) own[value] = each - least;
  }
  let unit = 0;
  const divide = (each: number): void => {
    if (each !== Number.POSITIVE_INFINITY) unit = greatestCommonDivisor(unit, each);
  };
  cost.forEach(divide);
  for (const { table } of links) table.cost.forEach(divide);
  if (unit === 0) unit = 1;
  return {
    network: {
      width,
      size,
      unary: { cost: cost.map((each) => each / unit), moves: unary.moves },
      links: links.map(({ a, b, table }) => ({
        a,
        b,
        table: { cost: table.cost.map((each) => each / unit), moves: table.moves },
      })),
    },
    offset,
    unit,
  };
}

/** Positive, also where what is left of an entry that no assignment takes is negative. */
function greatestCommonDivisor(a: number, b: number): number {
  let [x, y] = [Math.abs(a), Math.abs(b)];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}
