import { expect, test } from "vitest";
import { countLines } from "./count-lines.ts";

test("of both languages lines count that say something", () => {
  expect(countLines("")).toBe(0);
  expect(countLines("// Why.\n\npolicy p (\n  act (Request r) // who\n) {\n}\n---\npolicy q () {}\n")).toBe(
    5,
  );
  expect(countLines("# Why.\nkind: A\n---\n  # more\n\nkind: B # says\n")).toBe(2);
});

test("a comment of many lines is one, wherever it ends", () => {
  expect(countLines("/** One. */\nlet a = 1;\n/**\n * Two.\n\n * b */\nlet b = 2 /* c */;\n")).toBe(2);
});
