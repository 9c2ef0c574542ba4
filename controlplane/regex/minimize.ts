import type { Dfa } from "./determinize.ts";

/**
 * The smallest automaton that accepts the same texts, numbered so that equal languages give equal automata: state 0 is the dead
 * one, the accepting ones come last, and columns that nothing tells apart are one.
 */
export function minimize(dfa: Dfa): Dfa {
  const { columns, next, accepting } = dfa;
  const block = blocksOf(dfa);
  const representative: number[] = [];
  block.forEach((number, state) => {
    representative[number] ??= state;
  });
  const target = (number: number, column: number): number =>
    block[next[(representative[number] ?? 0) * columns + column] ?? 0] ?? 0;

  // In the order of a walk by ascending bytes, which no numbering of before has a part in.
  const dead = block[0] ?? 0;
  const found = new Set([dead, block[dfa.start] ?? 0]);
  for (const number of found) {
    for (let column = 0; column < columns; column++) found.add(target(number, column));
  }
  const accepts = (number: number) => accepting[representative[number] ?? 0] === true;
  const order = [...found].sort((left, right) => Number(accepts(left)) - Number(accepts(right)));
  const numbers = new Map(order.map((number, at) => [number, at]));

  const merged = new Map<string, number>();
  const newColumn: number[] = [];
  const kept: number[] = [];
  for (let column = 0; column < columns; column++) {
    const key = order.map((number) => target(number, column)).join();
    const known = merged.get(key);
    newColumn.push(known ?? kept.length);
    if (known !== undefined) continue;
    merged.set(key, kept.length);
    kept.push(column);
  }
  return {
    start: numbers.get(block[dfa.start] ?? 0) ?? 0,
    columnOf: dfa.columnOf.map((column) => newColumn[column] ?? 0),
    columns: kept.length,
    next: order.flatMap((number) => kept.map((column) => numbers.get(target(number, column)) ?? 0)),
    accepting: order.map(accepts),
  };
}

/** Hopcroft's algorithm: for each state the number of the block of those that accept the same from there on. */
function blocksOf({ columns, next, accepting }: Dfa): Int32Array {
  const count = accepting.length;
  // The states that lead into each one, by column: those of `state` in `column` stand from `offsets[column * count + state]` on.
  const offsets = new Int32Array(columns * count + 1);
  for (let at = 0; at < next.length; at++) {
    const slot = (at % columns) * count + (next[at] ?? 0) + 1;
    offsets[slot] = (offsets[slot] ?? 0) + 1;
  }
  for (let slot = 0; slot < columns * count; slot++)
    offsets[slot + 1] = (offsets[slot + 1] ?? 0) + (offsets[slot] ?? 0);
  const filled = offsets.slice();
  const sources = new Int32Array(next.length);
  for (let at = 0; at < next.length; at++) {
    const slot = (at % columns) * count + (next[at] ?? 0);
    const place = filled[slot] ?? 0;
    sources[place] = Math.floor(at / columns);
    filled[slot] = place + 1;
  }

  // The states in the order of their blocks; within a block, those marked come first.
  const order = Int32Array.from(
    [...accepting.keys()].sort((a, b) => Number(accepting[a]) - Number(accepting[b])),
  );
  const placeOf = new Int32Array(count);
  order.forEach((state, place) => {
    placeOf[state] = place;
  });
  const block = new Int32Array(count);
  const blocks: { first: number; end: number; marked: number }[] = [];
  const waiting: number[] = [];
  /** What stands from `first` to `end` becomes a block, and has yet to split others. */
  const cutOff = (first: number, end: number): void => {
    for (let place = first; place < end; place++) block[order[place] ?? 0] = blocks.length;
    waiting.push(blocks.length);
    blocks.push({ first, end, marked: first });
  };
  const rejecting = accepting.filter((accepts) => !accepts).length;
  if (rejecting > 0) cutOff(0, rejecting);
  if (rejecting < count) cutOff(rejecting, count);

  for (let splitter = waiting.pop(); splitter !== undefined; splitter = waiting.pop()) {
    const { first = 0, end = 0 } = blocks[splitter] ?? {};
    const into = order.slice(first, end);
    for (let column = 0; column < columns; column++) {
      const touched: number[] = [];
      for (const state of into) {
        const slot = column * count + state;
        for (let at = offsets[slot] ?? 0; at < (offsets[slot + 1] ?? 0); at++) {
          const source = sources[at] ?? 0;
          const number = block[source] ?? 0;
          const its = blocks[number];
          if (its === undefined || its.end - its.first === 1) continue;
          if (its.marked === its.first) touched.push(number);
          const [from, to] = [placeOf[source] ?? 0, its.marked++];
          const other = order[to] ?? 0;
          order[from] = other;
          placeOf[other] = from;
          order[to] = source;
          placeOf[source] = to;
        }
      }
      for (const number of touched) {
        const its = blocks[number];
        if (its === undefined) continue;
        const { first, end, marked } = its;
        its.marked = first;
        if (marked === end) continue;
        // The smaller part is the one cut off: if the whole was waiting both are now, and if not the smaller will do.
        if (marked - first <= end - marked) {
          its.first = its.marked = marked;
          cutOff(first, marked);
        } else {
          its.end = marked;
          cutOff(marked, end);
        }
      }
    }
  }
  return block;
}
