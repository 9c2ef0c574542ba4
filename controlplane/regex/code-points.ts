/** Both ends are included. */
export type CodePointRange = readonly [first: number, last: number];

/** Ascending, without overlaps and without neighbours that touch, so that equal sets look equal. */
export type CodePointSet = readonly CodePointRange[];

export const LAST_CODE_POINT = 0x10ffff;

export const everything: CodePointSet = [[0, LAST_CODE_POINT]];

/** The set of what ranges in any order have. */
export function setOf(ranges: readonly CodePointRange[]): CodePointSet {
  const set: [number, number][] = [];
  for (const [first, last] of ranges.toSorted((left, right) => left[0] - right[0])) {
    const before = set.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else set.push([first, last]);
  }
  return set;
}

/** What a set has not. */
export function complement(set: CodePointSet): CodePointSet {
  const rest: CodePointRange[] = [];
  let next = 0;
  for (const [first, last] of set) {
    if (first > next) rest.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= LAST_CODE_POINT) rest.push([next, LAST_CODE_POINT]);
  return rest;
}
