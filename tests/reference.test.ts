import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { documentationOf } from "../controlplane/editor/describe.ts";
import { diagnosticsManual } from "../controlplane/editor/diagnostics-manual.ts";
import { manual } from "../controlplane/editor/manual.ts";
import { clauseWords, typeWords } from "../controlplane/editor/words.ts";
import { checkCopper } from "../controlplane/language/check.ts";
import { type Code, codes } from "../controlplane/language/codes.ts";
import type { Diagnostic } from "../controlplane/language/diagnostic.ts";
import { standardInterface } from "../controlplane/language/standard.ts";
import { readExamples } from "../tools/read-examples.ts";

const docs = join(resolve(import.meta.dirname, ".."), "docs");
const reference = join(docs, "reference.md");

test("the reference manual is up to date", () => {
  expect(readFileSync(reference, "utf8"), "write it anew with `npm run gen:reference`").toBe(
    manual(standardInterface),
  );
});

test("the page of diagnostics is up to date, and shows a message for all but three codes", () => {
  const examples = readExamples();
  expect(
    readFileSync(join(docs, "diagnostics.md"), "utf8"),
    "write it anew with `npm run gen:reference`",
  ).toBe(diagnosticsManual(examples));
  // No policy file brings these about at will: tests/diagnostics.test.ts says what covers them.
  const without = (Object.keys(codes) as readonly Code[]).filter((code) => !examples.has(code));
  expect(without).toEqual(["MOD0102", "MOD0103", "MOD0104"]);
  const text = diagnosticsManual(examples);
  for (const code of Object.keys(codes)) expect(text).toContain(`### ${code}: `);
});

test("every action is in it, with something said of it", () => {
  const text = manual(standardInterface);
  for (const { name, actions } of standardInterface.receivers.values())
    for (const [action, signature] of actions) {
      expect(text).toContain(`#### ${name}.${action}\n`);
      expect(documentationOf(action, signature), `${name}.${action}`).not.toBe("");
    }
});

test("the clauses and types that it lists are those that the checker takes", () => {
  const found = (header: string): readonly Diagnostic[] =>
    checkCopper({ path: "a.cup", text: `policy p (${header}) {}` }).diagnostics;
  const listed = (code: string, header: string): readonly string[] => {
    const help = found(header).find((diagnostic) => diagnostic.code === code)?.help ?? "";
    return [...help.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name);
  };
  expect(listed("CUP0202", "zzzzzz (x)").toSorted()).toEqual([...clauseWords.keys()].toSorted());
  const types = listed("CUP0223", "param (zzzzzz a = 1)");
  expect(types.length).toBeGreaterThan(0);
  expect([...typeWords.keys()]).toEqual(expect.arrayContaining([...types]));
});
