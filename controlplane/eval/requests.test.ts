import fc from "fast-check";
import { expect, test } from "vitest";
import { pathsInTurn } from "./requests.ts";

test("kinds come by their shares, spread over the whole", () => {
  const paths = pathsInTurn([
    { path: "/a", share: 4, calls: {} },
    { path: "/b", share: 2, calls: {} },
  ]);
  expect(paths).toEqual(["/a", "/b", "/a"]);
});

test("of any shares, whatever part of the turns is looked at has each kind as often as its share says, but for one", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 }), (shares) => {
      const sum = shares.reduce((a, b) => a + b, 0);
      const paths = pathsInTurn(shares.map((share, n) => ({ path: `/${n}`, share, calls: {} })));
      expect(paths.length).toBeLessThanOrEqual(sum);
      const seen = shares.map(() => 0);
      for (const [index, path] of paths.entries()) {
        const kind = Number(path.slice(1));
        seen[kind] = (seen[kind] ?? 0) + 1;
        for (const [each, share] of shares.entries())
          expect(Math.abs((seen[each] ?? 0) - ((index + 1) * share) / sum)).toBeLessThanOrEqual(
            shares.length,
          );
      }
      for (const [each, share] of shares.entries())
        expect((seen[each] ?? 0) * sum).toBe(share * paths.length);
    }),
  );
});
