/** A cost, and how many moves it takes: of two equal costs, fewer moves are better. */
export interface Weight {
  readonly cost: number;
  readonly moves: number;
}

/** The least set of elements that has all of `from` and, of every pair, the second wherever it has the first. */
export function closureOf(
  size: number,
  from: readonly number[],
  pairs: readonly (readonly [number, number])[],
): readonly boolean[] {
  const inside = Array.from({ length: size }, () => false);
  for (const element of from) inside[element] = true;
  for (let changed = from.length > 0 && pairs.length > 0; changed; ) {
    changed = false;
    for (const [p, q] of pairs) {
      if (inside[p] !== true || inside[q] === true) continue;
      inside[q] = true;
      changed = true;
    }
  }
  return inside;
}

/**
 * The cheapest set of elements that has all of `must`, none of `mustNot`, and of every pair the second wherever it has the first: a
 * minimum cut (Picard 1976). Undefined when there is no such set. Of equal ones it is the least.
 */
export function cheapestClosure(question: {
  /** What an element costs when it is in the set; less than nothing where that saves something. */
  readonly weights: readonly Weight[];
  readonly must: readonly number[];
  readonly mustNot: readonly number[];
  readonly pairs: readonly (readonly [number, number])[];
}): readonly boolean[] | undefined {
  const { weights, must, mustNot, pairs } = question;
  const size = weights.length;
  const least = closureOf(size, must, pairs);
  if (mustNot.some((element) => least[element] === true)) return undefined;
  if (weights.every((weight) => !isLess(weight, nothing))) return least;

  const [source, sink] = [size, size + 1];
  const arcs: Arc[] = [];
  const leaving: number[][] = Array.from({ length: size + 2 }, () => []);
  const connect = (from: number, to: number, room: Weight): void => {
    leaving[from]?.push(arcs.length);
    arcs.push({ to, room });
    leaving[to]?.push(arcs.length);
    arcs.push({ to: from, room: nothing });
  };
  for (const [element, weight] of weights.entries()) {
    if (isLess(weight, nothing)) connect(source, element, minus(nothing, weight));
    else if (isLess(nothing, weight)) connect(element, sink, weight);
  }
  for (const element of must) connect(source, element, endless);
  for (const element of mustNot) connect(element, sink, endless);
  for (const [p, q] of pairs) connect(p, q, endless);
  for (;;) {
    const way = shortestWay(source, sink, arcs, leaving);
    if (way.arcs === undefined) return weights.map((_, element) => way.reached.has(element));
    const room = way.arcs.reduce<Weight>((least, arc) => {
      const here = arcs[arc]?.room ?? nothing;
      return isLess(here, least) ? here : least;
    }, endless);
    for (const arc of way.arcs) {
      const [there, back] = [arcs[arc], arcs[arc ^ 1]];
      if (there !== undefined) there.room = minus(there.room, room);
      if (back !== undefined) back.room = plus(back.room, room);
    }
  }
}

/** Arcs come in pairs: the one at an odd place leads back. */
interface Arc {
  readonly to: number;
  room: Weight;
}

/** The shortest way with room on it, and all that such ways lead to when there is none. */
function shortestWay(
  source: number,
  sink: number,
  arcs: readonly Arc[],
  leaving: readonly (readonly number[])[],
): { readonly arcs?: readonly number[]; readonly reached: ReadonlySet<number> } {
  const by = new Map<number, number>();
  const reached = new Set([source]);
  for (const node of reached) {
    for (const arc of leaving[node] ?? []) {
      const { to, room } = arcs[arc] ?? { to: source, room: nothing };
      if (reached.has(to) || !isLess(nothing, room)) continue;
      reached.add(to);
      by.set(to, arc);
    }
  }
  if (!reached.has(sink)) return { reached };
  const way: number[] = [];
  for (let arc = by.get(sink); arc !== undefined; arc = by.get(arcs[arc ^ 1]?.to ?? source)) way.push(arc);
  return { arcs: way, reached };
}

const nothing: Weight = { cost: 0, moves: 0 };
const endless: Weight = { cost: Number.POSITIVE_INFINITY, moves: 0 };

function isLess(a: Weight, b: Weight): boolean {
  return a.cost < b.cost || (a.cost === b.cost && a.moves < b.moves);
}

function plus(a: Weight, b: Weight): Weight {
  return { cost: a.cost + b.cost, moves: a.moves + b.moves };
}

function minus(a: Weight, b: Weight): Weight {
  return { cost: a.cost - b.cost, moves: a.moves - b.moves };
}
