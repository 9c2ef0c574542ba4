import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { generatedFiles } from "./generated-files.ts";

const root = resolve(import.meta.dirname, "..");

test.each([...generatedFiles()])("%s is what the table says", (path, text) => {
  expect(readFileSync(join(root, path), "utf8"), "write it anew with `npm run gen:abi`").toBe(text);
});
