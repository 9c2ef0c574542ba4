import { at0, type Link, type Network, type Table } from "./network.ts";

/** What is left of a network: variables that exact reductions do not decide. */
export interface Kernel {
  /** Numbers of the variables that are left, in the network that was reduced. */
  readonly variables: readonly number[];
  /** Among them only, numbered anew. The values keep their numbers; one that is ruled out costs infinitely much. */
  readonly network: Network;
  /** What is decided already costs that much. */
  readonly cost: number;
  readonly moves: number;
  /** The best values of all variables of the network, given those of the kernel's. */
  complete(values: Int32Array): Int32Array;
}

export type Reduced =
  | { readonly kind: "kernel"; readonly kernel: Kernel }
  /** This variable has no value left: there is no assignment of finite cost. */
  | { readonly kind: "infeasible"; readonly variable: number };

interface Edge {
  readonly a: number;
  readonly b: number;
  readonly table: Table;
  /** How many values its variables had when it was last found to be no sum of two parts. */
  wholeAt?: number;
}

/**
 * Makes a network smaller without losing its optimum: values that are impossible or no better than another are dropped, tables that are
 * sums of two parts are taken apart, and variables with at most two neighbours are eliminated. What is left has cycles that matter.
 */
export function reduce(network: Network): Reduced {
  const { width, size } = network;
  const cost = network.unary.cost.slice();
  const moves = network.unary.moves.slice();
  const live = new Uint8Array(size * width);
  const liveCount = new Int32Array(size);
  const edges: Map<number, Edge>[] = Array.from({ length: size }, () => new Map());
  const gone = new Uint8Array(size);
  /** Variables in the order of their elimination, with the neighbours that they then had. */
  const eliminated: { readonly variable: number; readonly edges: readonly Edge[] }[] = [];
  const queue: number[] = [];
  const queued = new Uint8Array(size);
  let decided = { cost: 0, moves: 0 };
  let impossible = -1;

  const touch = (variable: number): void => {
    if (at0(queued, variable) === 1 || at0(gone, variable) === 1) return;
    queued[variable] = 1;
    queue.push(variable);
  };
  const disconnect = ({ a, b }: Edge): void => {
    edges[a]?.delete(b);
    edges[b]?.delete(a);
  };
  const connect = (edge: Edge): void => {
    edges[edge.a]?.set(edge.b, edge);
    edges[edge.b]?.set(edge.a, edge);
  };
  const drop = (variable: number, value: number): void => {
    live[variable * width + value] = 0;
    liveCount[variable] = at0(liveCount, variable) - 1;
    if (at0(liveCount, variable) === 0) impossible = variable;
    touch(variable);
    for (const neighbour of edges[variable]?.keys() ?? []) touch(neighbour);
  };
  const isLive = (variable: number, value: number): boolean => at0(live, variable * width + value) === 1;
  const add = (variable: number, value: number, table: Table, at: number): void => {
    const place = variable * width + value;
    cost[place] = at0(cost, place) + at0(table.cost, at);
    moves[place] = at0(moves, place) + at0(table.moves, at);
  };

  for (const { a, b, table } of network.links) {
    const own = partsOf(table, width);
    if (own !== undefined) {
      for (let value = 0; value < width; value++) {
        add(a, value, own.first, value);
        add(b, value, own.second, value);
      }
      continue;
    }
    const known = edges[a]?.get(b);
    connect(known === undefined ? { a, b, table } : { a, b, table: sum(known, { a, b, table }, width) });
  }
  for (let variable = 0; variable < size; variable++) {
    for (let value = 0; value < width; value++) {
      if (at0(cost, variable * width + value) === Number.POSITIVE_INFINITY) continue;
      live[variable * width + value] = 1;
      liveCount[variable] = at0(liveCount, variable) + 1;
    }
    if (at0(liveCount, variable) === 0) return { kind: "infeasible", variable };
    touch(variable);
  }

  /** Whether a table is, for the values that are left, a sum of one part for each of its variables; if so it becomes their costs. */
  const takeApart = (edge: Edge): void => {
    const { a, b, table } = edge;
    const left = at0(liveCount, a) + at0(liveCount, b);
    if (edge.wholeAt === left) return;
    edge.wholeAt = left;
    let [a0, b0] = [-1, -1];
    for (let i = 0; i < width && a0 < 0; i++) if (isLive(a, i)) a0 = i;
    for (let j = 0; j < width; j++) {
      if (isLive(b, j) && (b0 < 0 || isLess(table, a0 * width + j, table, a0 * width + b0))) b0 = j;
    }
    const corner = a0 * width + b0;
    if (at0(table.cost, corner) === Number.POSITIVE_INFINITY) return;
    for (let i = 0; i < width; i++) {
      if (!isLive(a, i)) continue;
      for (let j = 0; j < width; j++) {
        if (!isLive(b, j)) continue;
        const here = i * width + j;
        const [first, second] = [i * width + b0, a0 * width + j];
        // An infinite entry is in a sum only together with its whole row or column.
        if (
          at0(table.cost, here) + at0(table.cost, corner) !==
            at0(table.cost, first) + at0(table.cost, second) ||
          at0(table.moves, here) + at0(table.moves, corner) !==
            at0(table.moves, first) + at0(table.moves, second)
        )
          return;
      }
    }
    for (let i = 0; i < width; i++) if (isLive(a, i)) add(a, i, table, i * width + b0);
    for (let j = 0; j < width; j++) {
      if (!isLive(b, j)) continue;
      add(b, j, table, a0 * width + j);
      const place = b * width + j;
      cost[place] = at0(cost, place) - at0(table.cost, corner);
      moves[place] = at0(moves, place) - at0(table.moves, corner);
    }
    disconnect(edge);
    touch(a);
    touch(b);
  };

  /** Whether having `worse` is never better than `better`, whatever the neighbours have. */
  const isDominated = (variable: number, worse: number, better: number): boolean => {
    let costs = at0(cost, variable * width + better) - at0(cost, variable * width + worse);
    let more = at0(moves, variable * width + better) - at0(moves, variable * width + worse);
    for (const [neighbour, { a, table }] of edges[variable] ?? []) {
      let most = Number.NEGATIVE_INFINITY;
      let mostMoves = 0;
      for (let value = 0; value < width; value++) {
        if (!isLive(neighbour, value)) continue;
        const [one, other] =
          a === variable
            ? [worse * width + value, better * width + value]
            : [value * width + worse, value * width + better];
        if (at0(table.cost, one) === Number.POSITIVE_INFINITY) continue;
        const rise = at0(table.cost, other) - at0(table.cost, one);
        const riseMoves = at0(table.moves, other) - at0(table.moves, one);
        if (rise > most || (rise === most && riseMoves > mostMoves)) [most, mostMoves] = [rise, riseMoves];
      }
      costs += most;
      more += mostMoves;
      if (costs === Number.POSITIVE_INFINITY) return false;
    }
    return costs < 0 || (costs === 0 && more <= 0);
  };

  const hasPartner = (variable: number, value: number, neighbour: number, { a, table }: Edge): boolean => {
    for (let other = 0; other < width; other++) {
      const at = a === variable ? value * width + other : other * width + value;
      if (isLive(neighbour, other) && at0(table.cost, at) !== Number.POSITIVE_INFINITY) return true;
    }
    return false;
  };

  const eliminate = (variable: number): void => {
    const around = [...(edges[variable]?.values() ?? [])];
    gone[variable] = 1;
    eliminated.push({ variable, edges: around });
    for (const edge of around) disconnect(edge);
    const [first, second] = around;
    if (first === undefined) {
      const best = bestValue(variable, []);
      const at = variable * width + best;
      decided = { cost: decided.cost + at0(cost, at), moves: decided.moves + at0(moves, at) };
    } else if (second === undefined) {
      const y = first.a === variable ? first.b : first.a;
      for (let j = 0; j < width; j++) {
        if (!isLive(y, j)) continue;
        const best = bestValue(variable, [{ edge: first, value: j }]);
        const at = first.a === variable ? best * width + j : j * width + best;
        add(y, j, first.table, at);
        add(y, j, { cost, moves }, variable * width + best);
      }
      touch(y);
    } else {
      const [y, z] = [first, second].map(({ a, b }) => (a === variable ? b : a)) as [number, number];
      const table: Table = {
        cost: new Float64Array(width * width).fill(Number.POSITIVE_INFINITY),
        moves: new Float64Array(width * width),
      };
      for (let j = 0; j < width; j++) {
        for (let k = 0; k < width; k++) {
          if (!isLive(y, j) || !isLive(z, k)) continue;
          const best = bestValue(variable, [
            { edge: first, value: j },
            { edge: second, value: k },
          ]);
          const [one, other] = [
            first.a === variable ? best * width + j : j * width + best,
            second.a === variable ? best * width + k : k * width + best,
          ];
          const at = variable * width + best;
          table.cost[j * width + k] =
            at0(cost, at) + at0(first.table.cost, one) + at0(second.table.cost, other);
          table.moves[j * width + k] =
            at0(moves, at) + at0(first.table.moves, one) + at0(second.table.moves, other);
        }
      }
      const known = edges[y]?.get(z);
      const edge = { a: y, b: z, table };
      connect(known === undefined ? edge : { ...edge, table: sum(known, edge, width) });
      touch(y);
      touch(z);
    }
  };

  /** The best value of a variable, given those of its neighbours. */
  function bestValue(
    variable: number,
    given: readonly { readonly edge: Edge; readonly value: number }[],
  ): number {
    let best = -1;
    let [least, leastMoves] = [0, 0];
    for (let value = 0; value < width; value++) {
      if (!isLive(variable, value)) continue;
      let sumCost = at0(cost, variable * width + value);
      let sumMoves = at0(moves, variable * width + value);
      for (const { edge, value: other } of given) {
        const at = edge.a === variable ? value * width + other : other * width + value;
        sumCost += at0(edge.table.cost, at);
        sumMoves += at0(edge.table.moves, at);
      }
      if (best >= 0 && !(sumCost < least || (sumCost === least && sumMoves < leastMoves))) continue;
      [best, least, leastMoves] = [value, sumCost, sumMoves];
    }
    return best;
  }

  const simplify = (variable: number): void => {
    const around = edges[variable];
    if (around === undefined) return;
    for (let value = 0; value < width; value++) {
      if (!isLive(variable, value)) continue;
      if (at0(cost, variable * width + value) === Number.POSITIVE_INFINITY) drop(variable, value);
      else
        for (const [neighbour, edge] of around) {
          if (hasPartner(variable, value, neighbour, edge)) continue;
          drop(variable, value);
          break;
        }
      if (impossible >= 0) return;
    }
    for (let worse = width - 1; worse >= 0 && at0(liveCount, variable) > 1; worse--) {
      if (!isLive(variable, worse)) continue;
      for (let better = 0; better < width; better++) {
        if (better === worse || !isLive(variable, better) || !isDominated(variable, worse, better)) continue;
        drop(variable, worse);
        break;
      }
    }
    for (const edge of [...around.values()]) takeApart(edge);
  };

  let next = 0;
  const later: number[] = [];
  for (;;) {
    while (next < queue.length) {
      const variable = at0(queue, next++);
      queued[variable] = 0;
      if (at0(gone, variable) === 1) continue;
      simplify(variable);
      if (impossible >= 0) return { kind: "infeasible", variable: impossible };
      const degree = edges[variable]?.size ?? 0;
      if (degree < 2) eliminate(variable);
      else if (degree === 2) later.push(variable);
    }
    const variable = later.pop();
    if (variable === undefined) break;
    if (at0(gone, variable) === 0 && edges[variable]?.size === 2) eliminate(variable);
  }

  const variables = Array.from({ length: size }, (_, variable) => variable).filter(
    (variable) => at0(gone, variable) === 0,
  );
  const place = new Map(variables.map((variable, index) => [variable, index]));
  const left: Table = {
    cost: new Float64Array(variables.length * width).fill(Number.POSITIVE_INFINITY),
    moves: new Float64Array(variables.length * width),
  };
  for (const [index, variable] of variables.entries()) {
    for (let value = 0; value < width; value++) {
      if (!isLive(variable, value)) continue;
      left.cost[index * width + value] = at0(cost, variable * width + value);
      left.moves[index * width + value] = at0(moves, variable * width + value);
    }
  }
  const links = variables.flatMap((variable) =>
    [...(edges[variable]?.values() ?? [])].flatMap(({ a, b, table }): readonly Link[] =>
      a === variable ? [{ a: place.get(a) ?? -1, b: place.get(b) ?? -1, table }] : [],
    ),
  );
  return {
    kind: "kernel",
    kernel: {
      variables,
      network: { width, size: variables.length, unary: left, links },
      cost: decided.cost,
      moves: decided.moves,
      complete(values) {
        const all = new Int32Array(size);
        for (const [index, variable] of variables.entries()) all[variable] = at0(values, index);
        for (const { variable, edges: around } of eliminated.toReversed())
          all[variable] = bestValue(
            variable,
            around.map((edge) => ({ edge, value: at0(all, edge.a === variable ? edge.b : edge.a) })),
          );
        return all;
      },
    },
  };
}

/** Costs of two variables that make up a table together. */
interface Parts {
  readonly first: Table;
  readonly second: Table;
}

const known = new WeakMap<Table, Parts | "none">();

/** The parts of a table that is, for all values, a sum of two. Many links share one table: this is found out once. */
function partsOf(table: Table, width: number): Parts | undefined {
  const parts = known.get(table) ?? findParts(table, width) ?? "none";
  known.set(table, parts);
  return parts === "none" ? undefined : parts;
}

function findParts({ cost, moves }: Table, width: number): Parts | undefined {
  const corner = cost.indexOf(cost.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY));
  const [i0, j0] = [Math.floor(corner / width), corner % width];
  if (at0(cost, corner) === Number.POSITIVE_INFINITY) return undefined;
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < width; j++) {
      const [here, first, second] = [i * width + j, i * width + j0, i0 * width + j];
      if (at0(cost, here) + at0(cost, corner) !== at0(cost, first) + at0(cost, second)) return undefined;
      if (at0(moves, here) + at0(moves, corner) !== at0(moves, first) + at0(moves, second)) return undefined;
    }
  }
  const values = Array.from({ length: width }, (_, value) => value);
  return {
    first: {
      cost: Float64Array.from(values, (i) => at0(cost, i * width + j0)),
      moves: Float64Array.from(values, (i) => at0(moves, i * width + j0)),
    },
    second: {
      cost: Float64Array.from(values, (j) => at0(cost, i0 * width + j) - at0(cost, corner)),
      moves: Float64Array.from(values, (j) => at0(moves, i0 * width + j) - at0(moves, corner)),
    },
  };
}

/** Two tables of the same two variables as one, turned as the second is. */
function sum(one: Edge, other: Edge, width: number): Table {
  const isTurned = one.a !== other.a;
  const cost = new Float64Array(width * width);
  const moves = new Float64Array(width * width);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < width; j++) {
      const there = isTurned ? j * width + i : i * width + j;
      const here = i * width + j;
      cost[here] = at0(one.table.cost, there) + at0(other.table.cost, here);
      moves[here] = at0(one.table.moves, there) + at0(other.table.moves, here);
    }
  }
  return { cost, moves };
}

function isLess(one: Table, i: number, other: Table, j: number): boolean {
  return (
    at0(one.cost, i) < at0(other.cost, j) ||
    (at0(one.cost, i) === at0(other.cost, j) && at0(one.moves, i) < at0(other.moves, j))
  );
}
