import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { DiagnosticExample } from "../controlplane/editor/diagnostics-manual.ts";
import type { Code } from "../controlplane/language/codes.ts";

const corpus = join(resolve(import.meta.dirname, ".."), "tests/policies");

/** For each code its plainest message in the golden corpus: from a case with few of them, and the shortest one there. */
export function readExamples(): ReadonlyMap<Code, DiagnosticExample> {
  const found = readdirSync(corpus)
    .sort()
    .filter((folder) => existsSync(join(corpus, folder, "diagnostics.txt")))
    .flatMap((folder) => {
      const texts = readFileSync(join(corpus, folder, "diagnostics.txt"), "utf8")
        .trimEnd()
        .split(/\n\n(?=(?:error|warning)\[)/);
      return texts.map((text) => ({ folder, text, among: texts.length }));
    })
    .sort((a, b) => a.among - b.among || a.text.length - b.text.length);
  const examples = new Map<Code, DiagnosticExample>();
  for (const { folder, text } of found) {
    const code = /^\w+\[(\w+)\]/.exec(text)?.[1] as Code;
    if (!examples.has(code)) examples.set(code, { folder, text });
  }
  return examples;
}
