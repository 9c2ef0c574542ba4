import type { Network } from "./network.ts";

/** The variables of a network, cut into parts that no link joins. */
export function componentsOf({ size, links }: Network): readonly (readonly number[])[] {
  const parent = Array.from({ length: size }, (_, variable) => variable);
  const find = (variable: number): number => {
    let root = variable;
    while (parent[root] !== root) root = parent[root] ?? root;
    parent[variable] = root;
    return root;
  };
  for (const { a, b } of links) parent[find(a)] = find(b);
  return [...Map.groupBy(parent.keys(), find).values()];
}

/** A network of some of the variables, numbered anew; no link leads out of it. */
export function restrict(network: Network, variables: readonly number[]): Network {
  const { width, unary, links } = network;
  const place = new Map(variables.map((variable, index) => [variable, index]));
  const part = (array: Float64Array): Float64Array => {
    const cut = new Float64Array(variables.length * width);
    for (const [index, variable] of variables.entries())
      cut.set(array.subarray(variable * width, (variable + 1) * width), index * width);
    return cut;
  };
  return {
    width,
    size: variables.length,
    unary: { cost: part(unary.cost), moves: part(unary.moves) },
    links: links.flatMap(({ a, b, table }) => {
      const [one, other] = [place.get(a), place.get(b)];
      return one === undefined || other === undefined ? [] : [{ a: one, b: other, table }];
    }),
  };
}
