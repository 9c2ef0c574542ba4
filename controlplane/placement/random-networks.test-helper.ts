import fc from "fast-check";
import { type Network, type Table, weightOf } from "./network.ts";

interface Shape {
  readonly sizeMax: number;
  readonly widthMax: number;
  /** How many links there are between every two variables, of 100; default: as it comes. */
  readonly density?: number;
  /** How many entries of tables are infinite, of 100. */
  readonly infinite: number;
  /** What costs are multiples of; default 1. */
  readonly unit?: number;
  /** The largest of those multiples; default 4. */
  readonly costMax?: number;
  /** Default 7. */
  readonly movesMax?: number;
}

/** Networks with values that are impossible, pairs that are, several links between the same two variables, either way round, and ties. */
export function randomNetworks(shape: Shape): fc.Arbitrary<Network> {
  const { sizeMax, widthMax, density, infinite, unit = 1, costMax = 4, movesMax = 7 } = shape;
  return fc
    .record({
      width: fc.integer({ min: 2, max: widthMax }),
      size: fc.integer({ min: density === undefined ? 1 : sizeMax, max: sizeMax }),
    })
    .chain(({ width, size }) => {
      const table = (length: number): fc.Arbitrary<Table> =>
        fc
          .array(
            fc.record({
              isInfinite: fc.nat({ max: 99 }).map((roll) => roll < infinite),
              cost: fc.nat({ max: costMax }).map((times) => times * unit),
              moves: fc.constantFrom(...[0, 0, 1, 2, 7].filter((moves) => moves <= movesMax)),
            }),
            { minLength: length, maxLength: length },
          )
          .map((entries) => ({
            cost: Float64Array.from(entries, (each) =>
              each.isInfinite ? Number.POSITIVE_INFINITY : each.cost,
            ),
            moves: Float64Array.from(entries, ({ moves }) => moves),
          }));
      const pairs = Array.from({ length: size }, (_, a) =>
        Array.from({ length: a }, (_, b) => [a, b] as const),
      ).flat();
      const chosen =
        density === undefined && pairs.length > 0
          ? fc.array(fc.constantFrom(...pairs), { maxLength: size * 2 })
          : fc.subarray(pairs, { minLength: Math.floor((pairs.length * (density ?? 0)) / 100) });
      return fc.record({
        width: fc.constant(width),
        size: fc.constant(size),
        unary: table(size * width),
        links: chosen.chain((list) =>
          fc.tuple(
            ...list.map(([a, b]) =>
              fc.tuple(fc.boolean(), table(width * width)).map(([isTurned, entries]) => ({
                ...(isTurned ? { a: b, b: a } : { a, b }),
                table: entries,
              })),
            ),
          ),
        ),
      });
    });
}

/** The least that any assignment costs, and the fewest moves of those that cost that. Undefined when none is possible. */
export function leastOf(network: Network): { readonly cost: number; readonly moves: number } | undefined {
  const best = bestOf(network);
  return best && weightOf(network, best);
}

/** A cheapest assignment, and of those one with the fewest moves: all are looked at. */
export function bestOf(network: Network): Int32Array | undefined {
  const { width, size } = network;
  let best: Int32Array | undefined;
  let least = { cost: Number.POSITIVE_INFINITY, moves: 0 };
  const values = new Int32Array(size);
  for (let number = 0; number < width ** size; number++) {
    for (let variable = 0, rest = number; variable < size; variable++, rest = Math.floor(rest / width))
      values[variable] = rest % width;
    const { cost, moves } = weightOf(network, values);
    if (!(cost < least.cost || (cost === least.cost && best !== undefined && moves < least.moves))) continue;
    best = values.slice();
    least = { cost, moves };
  }
  return best;
}
