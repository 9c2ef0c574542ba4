import { type CodePointSet, LAST_CODE_POINT } from "./code-points.ts";

/** From byte `first` to byte `last` it goes on at another node. */
export interface ByteEdge {
  readonly first: number;
  readonly last: number;
  /** An index into the tree; `DONE` when the code point is complete. */
  readonly to: number;
}

/** The encodings of a set of code points. Node 0 is where one begins; nodes with equal futures are one. */
export type Utf8Tree = readonly (readonly ByteEdge[])[];

export const DONE = -1;

/**
 * The UTF-8 encodings of a set. Surrogates are encoded like any code point, as RE2 does. A set of all that is not ASCII also
 * takes what no encoder writes: RE2 keeps `.` small by not looking at what follows E0, F0 and F4.
 */
export function utf8Tree(set: CodePointSet): Utf8Tree {
  const nodes: (readonly ByteEdge[])[] = [[]];
  const known = new Map<string, number>();
  const nodeOf = (edges: readonly ByteEdge[]): number => {
    const key = edges.map(({ first, last, to }) => `${first}-${last}>${to}`).join();
    const found = known.get(key);
    if (found !== undefined) return found;
    known.set(key, nodes.length);
    return nodes.push(edges) - 1;
  };
  /** So many bytes that go on in a code point. */
  const anything = (count: number): number =>
    count === 0 ? DONE : nodeOf([{ first: 0x80, last: 0xbf, to: anything(count - 1) }]);
  /** What follows the bytes that chose the block of `64 ** rest` code points from `base` on; undefined where nothing does. */
  const follow = (within: CodePointSet, base: number, rest: number): number | undefined => {
    const [only] = within;
    if (only === undefined) return undefined;
    if (rest === 0) return DONE;
    if (only[0] === base && only[1] === base + 64 ** rest - 1) return anything(rest);
    return nodeOf(edgesOf(within, base, 64 ** (rest - 1), 0x80, 64, rest - 1));
  };
  const edgesOf = (
    within: CodePointSet,
    base: number,
    size: number,
    firstByte: number,
    count: number,
    rest: number,
  ): readonly ByteEdge[] => {
    const edges: { first: number; last: number; to: number }[] = [];
    for (let i = 0; i < count; i++) {
      const start = base + i * size;
      const to = follow(clip(within, start, start + size - 1), start, rest);
      const byte = firstByte + i;
      const before = edges.at(-1);
      if (to === undefined) continue;
      if (before !== undefined && before.to === to && before.last === byte - 1) before.last = byte;
      else edges.push({ first: byte, last: byte, to });
    }
    return edges;
  };
  const root: ByteEdge[] = clip(set, 0, 0x7f).map(([first, last]) => ({ first, last, to: DONE }));
  if (set.some(([first, last]) => first <= 0x80 && last === LAST_CODE_POINT)) {
    root.push(
      { first: 0xc2, last: 0xdf, to: anything(1) },
      { first: 0xe0, last: 0xef, to: anything(2) },
      { first: 0xf0, last: 0xf4, to: anything(3) },
    );
  } else {
    root.push(...edgesOf(clip(set, 0x80, 0x7ff), 0, 64, 0xc0, 32, 1));
    root.push(...edgesOf(clip(set, 0x800, 0xffff), 0, 64 ** 2, 0xe0, 16, 2));
    root.push(...edgesOf(clip(set, 0x10000, LAST_CODE_POINT), 0, 64 ** 3, 0xf0, 5, 3));
  }
  nodes[0] = root;
  return nodes;
}

function clip(set: CodePointSet, first: number, last: number): CodePointSet {
  // The first range that reaches `first`, by halving: sets of letters have hundreds.
  let low = 0;
  let high = set.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((set[middle]?.[1] ?? 0) < first) low = middle + 1;
    else high = middle;
  }
  const clipped: [number, number][] = [];
  for (let at = low; at < set.length; at++) {
    const range = set[at];
    if (range === undefined || range[0] > last) break;
    clipped.push([Math.max(range[0], first), Math.min(range[1], last)]);
  }
  return clipped;
}
