import { at0, type Link, type Network } from "./network.ts";

/**
 * The same network with as much as possible of what tables cost moved to the single variables: then nothing costs less than the sum of
 * every variable's cheapest value. Only costs, not moves.
 */
export function tighten(network: Network): { readonly network: Network; readonly bound: number } {
  const { width, size } = network;
  const cost = network.unary.cost.slice();
  const isLive = (variable: number, value: number): boolean =>
    at0(network.unary.cost, variable * width + value) !== Number.POSITIVE_INFINITY;
  const links = network.links.map((link): Link => {
    const { a, b } = link;
    const left = link.table.cost.slice();
    const move = (
      variable: number,
      neighbour: number,
      at: (value: number, other: number) => number,
    ): void => {
      for (let value = 0; value < width; value++) {
        if (!isLive(variable, value)) continue;
        let least = Number.POSITIVE_INFINITY;
        for (let other = 0; other < width; other++)
          if (isLive(neighbour, other)) least = Math.min(least, at0(left, at(value, other)));
        if (least === 0 || least === Number.POSITIVE_INFINITY) continue;
        cost[variable * width + value] = at0(cost, variable * width + value) + least;
        for (let other = 0; other < width; other++)
          left[at(value, other)] = at0(left, at(value, other)) - least;
      }
    };
    move(a, b, (value, other) => value * width + other);
    move(b, a, (value, other) => other * width + value);
    return { a, b, table: { cost: left, moves: link.table.moves } };
  });
  let bound = 0;
  for (let variable = 0; variable < size; variable++) {
    let least = Number.POSITIVE_INFINITY;
    for (let value = 0; value < width; value++) least = Math.min(least, at0(cost, variable * width + value));
    bound += least;
  }
  return { network: { width, size, unary: { cost, moves: network.unary.moves }, links }, bound };
}
