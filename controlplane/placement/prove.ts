import { at0, type Network } from "./network.ts";
import { reduce } from "./reduce.ts";
import { tighten } from "./tighten.ts";

/** So many variables are looked at in all, which takes about a second. */
const budget = 10_000;

/**
 * Whether no assignment costs less, by cases: each value of one variable after the other, until the bound of what is left says so. In whole
 * numbers, for where the solver's own proof is of numbers with so many digits that it is not exact. False also when there are too many cases.
 */
export function provesLeast(network: Network, cost: number): boolean {
  let left = budget;
  const holds = (network: Network, cost: number): boolean => {
    left -= network.size;
    if (left < 0) return false;
    const reduced = reduce(network);
    if (reduced.kind === "infeasible") return true;
    const kernel = reduced.kernel.network;
    const open = cost - reduced.kernel.cost;
    if (tighten(kernel).bound >= open) return true;
    if (kernel.size === 0) return false;
    const variable = busiest(kernel);
    for (let value = 0; value < kernel.width; value++)
      if (!holds(withValue(kernel, variable, value), open)) return false;
    return true;
  };
  return holds(network, cost);
}

function busiest({ size, links }: Network): number {
  const degree = new Int32Array(size);
  for (const { a, b } of links) {
    degree[a] = at0(degree, a) + 1;
    degree[b] = at0(degree, b) + 1;
  }
  return degree.indexOf(Math.max(...degree));
}

/** Infeasible where it cannot have that value. */
function withValue(network: Network, variable: number, value: number): Network {
  const { width, unary } = network;
  const cost = unary.cost.slice();
  for (let other = 0; other < width; other++)
    if (other !== value) cost[variable * width + other] = Number.POSITIVE_INFINITY;
  return { ...network, unary: { cost, moves: unary.moves } };
}
