import fc from "fast-check";
import { expect, test } from "vitest";
import { dominators } from "./dominators.ts";

test("two ways that meet share only where they begin", () => {
  //      0 → 1 → 3 → 4,  0 → 2 → 3,  4 → 1
  expect([...dominators([[1, 2], [3], [3], [4], [1]], [0])]).toEqual([-1, 0, 0, 0, 3]);
  expect([...dominators([[2], [2], [], []], [0, 1])]).toEqual([-1, -1, -1, -1]);
});

const graph = fc.integer({ min: 1, max: 9 }).chain((count) =>
  fc.record({
    callees: fc.array(fc.uniqueArray(fc.nat(count - 1), { maxLength: 3 }), {
      minLength: count,
      maxLength: count,
    }),
    roots: fc.uniqueArray(fc.nat(count - 1), { minLength: 1, maxLength: 2 }),
  }),
);

test("without a dominator no way is left; without the others above it, one is", () => {
  fc.assert(
    fc.property(graph, ({ callees, roots }) => {
      const reachable = (without?: number): ReadonlySet<number> => {
        const seen = new Set(roots.filter((root) => root !== without));
        for (const node of seen) for (const to of callees[node] ?? []) if (to !== without) seen.add(to);
        return seen;
      };
      const above = dominators(callees, roots);
      const all = reachable();
      for (const node of callees.keys()) {
        const chain = new Set<number>();
        for (let at = above[node] ?? -1; at !== -1; at = above[at] ?? -1) chain.add(at);
        for (const other of callees.keys()) {
          if (other === node) continue;
          const isNeeded = all.has(node) && !reachable(other).has(node);
          expect(chain.has(other)).toBe(isNeeded);
        }
      }
    }),
    { numRuns: 500 },
  );
});
