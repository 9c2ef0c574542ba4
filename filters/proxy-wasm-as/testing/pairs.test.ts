import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readPairs, writePairs } from "./pairs.ts";

const name = fc.uint8Array({ maxLength: 12 });
const value = fc.uint8Array({ maxLength: 40 });

test("pairs of any bytes come back as they went", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 20 }), (pairs) => {
      expect(readPairs(writePairs(pairs))).toEqual(pairs);
    }),
  );
});

test("bytes that are no pairs are none, and never an error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(Array.isArray(readPairs(bytes))).toBe(true);
    }),
  );
});

test("more than 1024 pairs, or more than 1 MiB, are silently none", () => {
  const many = (count: number) =>
    Array.from({ length: count }, () => [new Uint8Array(1), new Uint8Array(1)] as const);
  expect(readPairs(writePairs(many(1024)))).toHaveLength(1024);
  expect(readPairs(writePairs(many(1025)))).toEqual([]);
  expect(readPairs(writePairs([[new Uint8Array(1), new Uint8Array(1024 * 1024)]]))).toEqual([]);
});
