import { expect, test } from "vitest";
import { oneLine } from "./one-line.ts";

test.each([
  ["Proto constraint validation failed (Field: [a])", "Proto constraint validation failed (Field: [a])"],
  ["größer als “zehn” 🚦", "größer als “zehn” 🚦"],
  ['"evil\nin force: 9 of 22 (revision 99)\u001b[2Jred"', '"evil in force: 9 of 22 (revision 99) [2Jred"'],
  ["a\r\nb\tc\u0085d\u2028e\u009bf", "a b c d e f"],
  ["left \u202eright\u200b", "left right"],
  ["\n", ""],
])("%j", (words, line) => {
  expect(oneLine(words)).toBe(line);
});

test("it is cut, however long it is", () => {
  expect(oneLine("x".repeat(1_000_000), 10)).toBe(`${"x".repeat(10)}…`);
  expect(oneLine("x".repeat(10), 10)).toBe("x".repeat(10));
  expect(oneLine(`abc ${"x".repeat(100)}`, 4)).toBe("abc…");
});
