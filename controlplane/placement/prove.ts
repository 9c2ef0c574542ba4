import { at0, type Network, type Table } from "./network.ts";
import { reduce } from "./reduce.ts";
import type { Hint } from "./relaxation.ts";
import { tighten } from "./tighten.ts";

/** Who helps with a proof. Nothing of it rests on that: a wrong hint makes it longer, or end without success. */
export interface Helper {
  /** What the linear relaxation says; undefined where that is not known. */
  hint(network: Network): Hint | undefined;
  /** Whether there has been time enough. */
  isOver(): boolean;
}

/**
 * Whether no assignment costs less, by cases: each value of one variable after the other, until the bound of what is left says so. All of it in
 * whole numbers, since the solver's own proof, of numbers with so many digits, is not exact. False also where it was over before that was known.
 */
export function provesLeast(network: Network, cost: number, { hint, isOver }: Helper): boolean {
  const holds = (given: Network, below: number): boolean => {
    let left = given;
    let open = below;
    for (let rounds = 0; ; rounds++) {
      if (isOver()) return false;
      const reduced = reduce(left);
      if (reduced.kind === "infeasible") return true;
      open -= reduced.kernel.cost;
      const plain = cheapEnough(tighten(reduced.kernel.network).network, open);
      if (plain === undefined) return true;
      if (plain.network.size === 0) return false;
      left = plain.network;
      if (plain.isLess) continue;
      const help = hint(left);
      const hinted = help && cheapEnough(tighten(moved(left, help.messages)).network, open);
      if (help !== undefined && hinted === undefined) return true;
      left = hinted?.network ?? left;
      // Each hint costs more than the few values that the third one rules out.
      if (hinted?.isLess === true && rounds < roundsMax) continue;
      const variable = mostOpen(left, help);
      for (let value = 0; value < left.width; value++)
        if (!holds(withValue(left, variable, value), open)) return false;
      return true;
    }
  };
  const fine = partsOf(network);
  // Costs are whole before they are cut into parts.
  return holds(inParts(network, fine), (cost - 1) * fine + 1);
}

const roundsMax = 3;
/** Sums of that size, and of some of them, are exact. */
const sumMax = 2 ** 50;

/** Hints are fractions: the smaller the parts that costs are whole numbers of, the less is lost. */
function partsOf(network: Network): number {
  const most = sumOfMost(network);
  return most < 1 ? 1 : 2 ** Math.max(0, Math.floor(Math.log2(sumMax / 4 / most)));
}

function inParts(network: Network, fine: number): Network {
  const known = new Map<Table, Table>();
  const parts = (table: Table): Table => {
    const made = known.get(table) ?? {
      cost: table.cost.map((each) => each * fine),
      moves: new Float64Array(table.moves.length),
    };
    known.set(table, made);
    return made;
  };
  return {
    ...network,
    unary: parts(network.unary),
    links: network.links.map(({ a, b, table }) => ({ a, b, table: parts(table) })),
  };
}

/** No sum of costs of the network is larger, nor smaller than that without its sign. */
function sumOfMost({ width, size, unary, links }: Network): number {
  const most = (costs: Float64Array): number =>
    costs.reduce((max, each) => (each === Number.POSITIVE_INFINITY ? max : Math.max(max, Math.abs(each))), 0);
  let sum = links.reduce((all, { table }) => all + most(table.cost), 0);
  for (let variable = 0; variable < size; variable++)
    sum += most(unary.cost.subarray(variable * width, (variable + 1) * width));
  return sum;
}

/**
 * Without the values that make every assignment cost `open` or more, once each variable's cheapest is counted; undefined where all do. Tables cost
 * nothing less than zero here.
 */
function cheapEnough(
  network: Network,
  open: number,
): { readonly network: Network; readonly isLess: boolean } | undefined {
  const { width, size, unary } = network;
  const least = Array.from({ length: size }, (_, variable) =>
    unary.cost
      .subarray(variable * width, (variable + 1) * width)
      .reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
  );
  const bound = least.reduce((sum, each) => sum + each, 0);
  if (bound >= open) return undefined;
  const cost = unary.cost.map((each, at) =>
    bound - at0(least, Math.floor(at / width)) + each >= open ? Number.POSITIVE_INFINITY : each,
  );
  const isLess = cost.some(
    (each, at) => each === Number.POSITIVE_INFINITY && at0(unary.cost, at) !== Number.POSITIVE_INFINITY,
  );
  return { network: { ...network, unary: { cost, moves: unary.moves } }, isLess };
}

/** The same costs, with what is said moved from tables to values; as it was where the sums would not be exact. */
function moved(network: Network, messages: Hint["messages"]): Network {
  const { width } = network;
  const cost = network.unary.cost.slice();
  const links = network.links.map(({ a, b, table }, number) => {
    const { toA, toB } = messages[number] ?? { toA: [], toB: [] };
    const left = table.cost.slice();
    const [one, other] = [toA, toB].map((each) => Float64Array.from(each, Math.round)) as [
      Float64Array,
      Float64Array,
    ];
    for (let i = 0; i < width; i++)
      for (let j = 0; j < width; j++)
        left[i * width + j] = at0(left, i * width + j) - at0(one, i) - at0(other, j);
    for (let value = 0; value < width; value++) {
      cost[a * width + value] = at0(cost, a * width + value) + at0(one, value);
      cost[b * width + value] = at0(cost, b * width + value) + at0(other, value);
    }
    return { a, b, table: { cost: left, moves: table.moves } };
  });
  const made = { ...network, unary: { cost, moves: network.unary.moves }, links };
  return sumOfMost(made) <= sumMax ? made : network;
}

/** The variable that is mixed the most, and has the most to do with others. */
function mostOpen({ width, size, links }: Network, hint: Hint | undefined): number {
  const degree = new Int32Array(size);
  for (const { a, b } of links) {
    degree[a] = at0(degree, a) + 1;
    degree[b] = at0(degree, b) + 1;
  }
  const mixture = (variable: number): number => {
    if (hint === undefined) return 1;
    const shares = hint.shares.subarray(variable * width, (variable + 1) * width);
    return shares.reduce((sum, share) => sum + Math.min(share, 1 - share), 0);
  };
  const scores = Array.from(degree, (count, variable) => mixture(variable) * count);
  const best = Math.max(...scores);
  return best > 0 ? scores.indexOf(best) : degree.indexOf(Math.max(...degree));
}

/** Infeasible where it cannot have that value. */
function withValue(network: Network, variable: number, value: number): Network {
  const { width, unary } = network;
  const cost = unary.cost.slice();
  for (let other = 0; other < width; other++)
    if (other !== value) cost[variable * width + other] = Number.POSITIVE_INFINITY;
  return { ...network, unary: { cost, moves: unary.moves } };
}
