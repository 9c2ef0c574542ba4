import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { betweenMarks } from "./between-marks.ts";

test("what is between the marks is another text, and the rest stays; a second time changes nothing", () => {
  const document = "# A\n<!-- EVAL-START -->\nold\n<!-- EVAL-END -->\nB\n";
  const once = betweenMarks(document, "new") ?? "";
  expect(once).toBe("# A\n<!-- EVAL-START -->\n\nnew\n\n<!-- EVAL-END -->\nB\n");
  expect(betweenMarks(once, "new")).toBe(once);
});

test("a document without both marks in their order has no place", () => {
  expect(betweenMarks("no marks", "new")).toBeUndefined();
  expect(betweenMarks("<!-- EVAL-END --><!-- EVAL-START -->", "new")).toBeUndefined();
});

test("our README has a place, in which nothing but figures is", () => {
  const readme = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");
  const updated = betweenMarks(readme, "figures");
  expect(updated).toMatch(/\n<!-- EVAL-START -->\n\nfigures\n\n<!-- EVAL-END -->\n\n## /u);
});
