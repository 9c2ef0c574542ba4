/**
 * A cost function network: variables with a few values each, what every value costs, and what every pair of values of two linked
 * variables costs. Costs are whole numbers, so that sums of them are exact, and may be infinite. Of equal costs, fewer moves are better.
 */
export interface Network {
  /** How many values a variable may have at most. */
  readonly width: number;
  readonly size: number;
  /** At `variable * width + value`. */
  readonly unary: Table;
  readonly links: readonly Link[];
}

export interface Link {
  readonly a: number;
  readonly b: number;
  /** At `value of a * width + value of b`. Many links may share one. */
  readonly table: Table;
}

export interface Table {
  readonly cost: Float64Array;
  readonly moves: Float64Array;
}

export function emptyTable(length: number): Table {
  return { cost: new Float64Array(length), moves: new Float64Array(length) };
}

/** What an assignment costs, exactly. */
export function weightOf(
  network: Network,
  values: Int32Array,
): { readonly cost: number; readonly moves: number } {
  const { width, unary, links } = network;
  let cost = 0;
  let moves = 0;
  for (let variable = 0; variable < network.size; variable++) {
    const at = variable * width + at0(values, variable);
    cost += at0(unary.cost, at);
    moves += at0(unary.moves, at);
  }
  for (const { a, b, table } of links) {
    const at = at0(values, a) * width + at0(values, b);
    cost += at0(table.cost, at);
    moves += at0(table.moves, at);
  }
  return { cost, moves };
}

/** The same network where everything that is possible costs nothing. */
export function withoutCosts(network: Network): Network {
  const known = new Map<Table, Table>();
  const plain = (table: Table): Table => {
    const made = known.get(table) ?? {
      cost: table.cost.map((each) => (each === Number.POSITIVE_INFINITY ? each : 0)),
      moves: new Float64Array(table.moves.length),
    };
    known.set(table, made);
    return made;
  };
  return {
    ...network,
    unary: plain(network.unary),
    links: network.links.map(({ a, b, table }) => ({ a, b, table: plain(table) })),
  };
}

/** What an array holds there; the index is within it. */
export function at0(
  array: Float64Array | Int32Array | Uint8Array | readonly number[],
  index: number,
): number {
  return array[index] as number;
}
