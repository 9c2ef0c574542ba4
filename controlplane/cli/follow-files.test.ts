import { renameSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { folderWith } from "../../tests/cli/run-wire.ts";
import { WireError } from "../error/wire-error.ts";
import { followFiles } from "./follow-files.ts";
import { secretIn } from "./secret-in.ts";

const one = "1111111111111111";
const two = "2222222222222222";

/** The files as one value, which has to be of one kind. */
function pair(texts: readonly string[]): string {
  const [a, b] = texts;
  if (a !== b) throw new WireError("pair", "they do not fit");
  return a ?? "";
}

test("what is read anew is taken once, also where a link leads elsewhere, and what is wrong is not", async () => {
  using folder = folderWith({ "a-1": one, "a-2": two, "b-1": one, "b-2": two });
  const [a, b] = ["a", "b"].map((name) => join(folder.path, name)) as [string, string];
  const point = (link: string, to: string): void => {
    symlinkSync(to, `${link}.new`);
    renameSync(`${link}.new`, link);
  };
  point(a, "a-1");
  point(b, "b-1");
  const seen: string[] = [];
  const said: string[] = [];
  using files = await followFiles({
    ...{ paths: [a, b], parse: pair, everyMs: 5 },
    changed: (value) => seen.push(value),
    refused: (why) => said.push(why),
  });
  expect(files.first).toBe(one);
  point(a, "a-2");
  await expect.poll(() => said).toEqual(["[pair] they do not fit"]);
  expect(seen).toEqual([]);
  point(b, "b-2");
  await expect.poll(() => seen).toEqual([two]);
  unlinkSync(a);
  await expect.poll(() => said).toHaveLength(2);
  expect(said[1]).toContain("no such file");
  writeFileSync(a, one);
  writeFileSync(b, one);
  await expect.poll(() => seen).toEqual([two, one]);
});

test("a secret is one word that nobody guesses", () => {
  expect(secretIn("file", ` ${one}\n`, "token")).toBe(one);
  for (const text of ["", "\n", "short", `${one} ${two}`, `${one}\n${two}`, `${one}é`])
    expect(() => secretIn("file", text, "key")).toThrow(
      "[key] file has no key: one line of 16 or more letters",
    );
});
