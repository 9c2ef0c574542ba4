import { at0, type Network } from "./network.ts";
import { reduce } from "./reduce.ts";

/** In one round, one of so many variables is settled. */
const share = 16;

/** So many rounds in vain, and the search ends. */
const vainMax = 100;

/**
 * A good assignment, without a promise: again and again the variables with the most links take the value that looks cheapest, and the
 * reductions settle what follows. Undefined when that ends nowhere.
 */
export function dive(network: Network): Int32Array | undefined {
  let inVain = 0;
  const descend = (network: Network): Int32Array | undefined => {
    const reduced = reduce(network);
    if (reduced.kind === "infeasible") {
      inVain++;
      return undefined;
    }
    const { kernel } = reduced;
    if (kernel.variables.length === 0) return kernel.complete(new Int32Array(0));
    const order = byDegree(kernel.network);
    for (let batch = Math.ceil(order.length / share); batch > 0 && inVain < vainMax; batch = batch >> 1) {
      const cost = settled(kernel.network, order.slice(0, batch));
      const values = descend({ ...kernel.network, unary: { cost, moves: kernel.network.unary.moves } });
      if (values !== undefined) return kernel.complete(values);
    }
    return undefined;
  };
  return descend(network);
}

function byDegree({ size, links }: Network): readonly number[] {
  const degree = new Int32Array(size);
  for (const { a, b } of links) {
    degree[a] = at0(degree, a) + 1;
    degree[b] = at0(degree, b) + 1;
  }
  return Array.from({ length: size }, (_, variable) => variable).sort(
    (a, b) => at0(degree, b) - at0(degree, a) || a - b,
  );
}

/** The unary costs with everything ruled out for these variables but what looks cheapest. */
function settled({ width, unary, links, size }: Network, variables: readonly number[]): Float64Array {
  const cost = unary.cost.slice();
  const seems = unary.cost.slice();
  const least = (variable: number): number => {
    let found = Number.POSITIVE_INFINITY;
    for (let value = 0; value < width; value++)
      found = Math.min(found, at0(unary.cost, variable * width + value));
    return found;
  };
  const cheapest = Array.from({ length: size }, (_, variable) => least(variable));
  const chosen = new Set(variables);
  const look = (
    variable: number,
    neighbour: number,
    entry: (value: number, other: number) => number,
  ): void => {
    if (!chosen.has(variable)) return;
    for (let value = 0; value < width; value++) {
      let extra = Number.POSITIVE_INFINITY;
      for (let other = 0; other < width; other++)
        extra = Math.min(
          extra,
          entry(value, other) + at0(unary.cost, neighbour * width + other) - at0(cheapest, neighbour),
        );
      seems[variable * width + value] = at0(seems, variable * width + value) + extra;
    }
  };
  for (const { a, b, table } of links) {
    look(a, b, (value, other) => at0(table.cost, value * width + other));
    look(b, a, (value, other) => at0(table.cost, other * width + value));
  }
  for (const variable of variables) {
    let best = 0;
    for (let value = 1; value < width; value++)
      if (at0(seems, variable * width + value) < at0(seems, variable * width + best)) best = value;
    for (let value = 0; value < width; value++)
      if (value !== best) cost[variable * width + value] = Number.POSITIVE_INFINITY;
  }
  return cost;
}
