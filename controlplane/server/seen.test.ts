import fc from "fast-check";
import { expect, test } from "vitest";
import { byName, type Resources } from "../xds/resource.ts";
import { typeUrl } from "../xds/type-url.ts";
import { changesOf } from "./changes-of.ts";
import { isSeen, seen, unseen } from "./seen.ts";

const world: fc.Arbitrary<Resources> = fc
  .uniqueArray(
    fc.record(
      {
        name: fc.constantFrom("a", "b", "c", "d"),
        version: fc.constantFrom("1", "2"),
        ttlMs: fc.constantFrom(1_000, 2_000),
        aliases: fc.uniqueArray(fc.constantFrom("x", "y", "z"), { minLength: 1, maxLength: 2 }),
      },
      { requiredKeys: ["name", "version"] },
    ),
    { selector: ({ name }) => name },
  )
  .map((drawn) =>
    byName(drawn.map((each) => ({ ...each, typeUrl: typeUrl.cluster, bytes: new Uint8Array() }))),
  );

test("what is not looked at again is as it was", () => {
  fc.assert(
    fc.property(world, world, fc.subarray(["a", "b", "c", "d"]), (before, after, touched) => {
      const known = seen(before);
      for (const name of touched) known.touched.add(name);
      const again = new Set([...unseen(known, after)].map(({ name }) => name));
      for (const name of touched) expect(again.has(name)).toBe(after.has(name));
      for (const [name, resource] of after) if (!again.has(name)) expect(before.get(name)).toEqual(resource);
      expect(isSeen(known, before)).toBe(touched.length === 0);
      expect(isSeen(known, after)).toBe(false);
    }),
    { numRuns: 1_000 },
  );
});

test("names and aliases that are there no longer are noticed", () => {
  fc.assert(
    fc.property(world, world, (before, after) => {
      const asked = (resources: Resources): readonly string[] =>
        [...resources.values()].flatMap(({ name, aliases = [] }) => [
          name,
          ...aliases.map((alias) => `${name} as ${alias}`),
        ]);
      const now = new Set(asked(after));
      expect(changesOf(before, after).lacks).toBe(!asked(before).every((each) => now.has(each)));
    }),
    { numRuns: 1_000 },
  );
});
