import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { automaton } from "../controlplane/analysis/automaton.ts";
import { documentationOf } from "../controlplane/editor/describe.ts";
import { diagnosticsManual } from "../controlplane/editor/diagnostics-manual.ts";
import { manual } from "../controlplane/editor/manual.ts";
import {
  clauseWords,
  contextWords,
  filterWords,
  interfaceWords,
  operatorWords,
  typeWords,
} from "../controlplane/editor/words.ts";
import { checkCopper } from "../controlplane/language/check.ts";
import { checkPolicies } from "../controlplane/language/check-policies.ts";
import { type Code, codes } from "../controlplane/language/codes.ts";
import type { Diagnostic } from "../controlplane/language/diagnostic.ts";
import { format } from "../controlplane/language/format.ts";
import { parseContext } from "../controlplane/language/parse-context.ts";
import { declarations } from "../controlplane/language/parse-interface.ts";
import { filterConstants } from "../controlplane/language/read-filter.ts";
import { reporterFor } from "../controlplane/language/reporter.ts";
import { standardInterface } from "../controlplane/language/standard.ts";
import { readExamples } from "../tools/read-examples.ts";

const docs = join(resolve(import.meta.dirname, ".."), "docs");
const reference = join(docs, "reference.md");

test("the reference manual is up to date", () => {
  expect(readFileSync(reference, "utf8"), "write it anew with `npm run gen:reference`").toBe(
    manual(standardInterface),
  );
});

test("the page of diagnostics is up to date, and shows a message for all codes but a few", () => {
  const examples = readExamples();
  expect(
    readFileSync(join(docs, "diagnostics.md"), "utf8"),
    "write it anew with `npm run gen:reference`",
  ).toBe(diagnosticsManual(examples));
  // tests/diagnostics.test.ts says what covers it.
  const without = (Object.keys(codes) as readonly Code[]).filter((code) => !examples.has(code));
  expect(without).toEqual(["PLC0108", "PLC0109", "MOD0103"]);
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

test("the declarations and constants that it lists are those that are read", () => {
  expect([...interfaceWords.keys()].toSorted()).toEqual(declarations.toSorted());
  expect([...filterWords.keys()].toSorted()).toEqual(filterConstants.toSorted());
});

test("its examples are right", () => {
  const blocks = [...manual(standardInterface).matchAll(/^```(copper|interface)\n([\s\S]*?)^```$/gm)];
  expect(blocks.length).toBeGreaterThan(4);
  for (const [, kind, text = ""] of blocks) {
    const example = { path: kind === "copper" ? "example.cup" : "example.cui", text };
    const policy = { path: "policy.cup", text: "policy p (act (Request r) context ('a')) { Deny(r); }" };
    const sources = kind === "copper" ? [example] : [policy, example];
    expect(checkPolicies(sources).diagnostics, text).toEqual([]);
    expect(format(example), "as `wire fmt` lays it out").toEqual({ text, diagnostics: [] });
  }
});

test.each(contextWords)("the context $written matches what it says", ({ written, matches, not }) => {
  const reporter = reporterFor({ path: "context", text: written });
  const context = parseContext(reporter, { start: 0, end: written.length });
  expect(reporter.diagnostics).toEqual([]);
  if (context === undefined) throw new Error("a context without a mistake is read");
  const machine = automaton(context, "may");
  const accepts = (path: string): boolean =>
    machine.accepts(
      path.split(" ").reduce((state, service) => {
        const [name = "", version] = service.split("@");
        return machine.step(state, machine.symbol(name, version));
      }, machine.start),
    );
  expect(matches.filter((path) => !accepts(path))).toEqual([]);
  expect(not.filter(accepts)).toEqual([]);
});

test.each(Object.entries(operatorWords))(
  "%s goes with the types that are listed",
  (operator, { goesWith }) => {
    const literals = { string: '"a"', int: "7", float: "1.5", bool: "true", duration: "1s" };
    const values = operator === "??" ? { ...literals, "string?": 'GetHeader(r, "a")' } : literals;
    const found = Object.entries(values).flatMap(([left, a]) =>
      Object.entries(values).flatMap(([right, b]) => {
        const text = `policy p (act (Request r) context ('a')) { let x = ${a} ${operator} ${b}; }`;
        const isWrong = checkCopper({ path: "a.cup", text }).diagnostics.some(
          ({ severity }) => severity === "error",
        );
        // An int beside a float becomes one: it is said apart.
        const isMixed = [left, right].toSorted().join() === "float,int";
        return isWrong || isMixed ? [] : [left === right ? left : `${left} ${operator} ${right}`];
      }),
    );
    expect(goesWith.toSorted()).toEqual(found.toSorted());
  },
);
