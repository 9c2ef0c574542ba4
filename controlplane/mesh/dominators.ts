/**
 * For each node of a graph the nearest other one that every way from the roots to it passes: its immediate dominator, by number. -1 where
 * there is none: of roots, of nodes with ways that share nothing, and of those that no way leads to (Cooper, Harvey and Kennedy, "A simple, fast dominance algorithm").
 */
export function dominators(callees: readonly (readonly number[])[], roots: readonly number[]): Int32Array {
  const count = callees.length;
  // A node of its own leads to the roots.
  const top = count;
  const order = reversePostorder([...callees, roots], top);
  const place = new Int32Array(count + 1).fill(-1);
  for (const [index, node] of order.entries()) place[node] = index;
  const callers: number[][] = Array.from({ length: count + 1 }, () => []);
  for (const node of order)
    for (const to of node === top ? roots : (callees[node] ?? [])) callers[to]?.push(node);

  const above = new Int32Array(count + 1).fill(-1);
  above[top] = top;
  const at = (list: Int32Array, index: number): number => list[index] ?? -1;
  const meet = (a: number, b: number): number => {
    let [one, other] = [a, b];
    while (one !== other) {
      if (at(place, one) > at(place, other)) one = at(above, one);
      else other = at(above, other);
    }
    return one;
  };
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (const node of order.slice(1)) {
      const known = (callers[node] ?? []).filter((caller) => at(above, caller) !== -1);
      const next = known.reduce((a, b) => meet(a, b));
      if (at(above, node) === next) continue;
      above[node] = next;
      isChanged = true;
    }
  }
  return above.subarray(0, count).map((node) => (node === top ? -1 : node));
}

function reversePostorder(next: readonly (readonly number[])[], start: number): readonly number[] {
  const seen = new Uint8Array(next.length);
  const done: number[] = [];
  const stack = [{ node: start, at: 0 }];
  seen[start] = 1;
  while (stack.length > 0) {
    const top = stack[stack.length - 1];
    if (top === undefined) break;
    const to = next[top.node]?.[top.at++];
    if (to === undefined) {
      done.push(top.node);
      stack.pop();
    } else if (seen[to] !== 1) {
      seen[to] = 1;
      stack.push({ node: to, at: 0 });
    }
  }
  return done.reverse();
}
