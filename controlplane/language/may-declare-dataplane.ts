import { lex } from "./lexer.ts";
import { nearest } from "./nearest.ts";
import { notText } from "./not-text.ts";
import { reporterFor } from "./reporter.ts";
import type { Source } from "./source.ts";

/**
 * Whether an interface may be there for the sake of a data plane, which counts without being imported. A broken one is given the benefit of
 * the doubt: a misspelled `dataplane` must not silently take a kind of proxy away.
 */
export function mayDeclareDataplane(source: Source): boolean {
  if (notText(source).length > 0) return true;
  const reporter = reporterFor(source);
  const tokens = lex(reporter);
  // An open string or comment may hold anything.
  if (reporter.diagnostics.length > 0) return true;
  return tokens.some(({ kind, value }, index) => {
    if (kind !== "name") return kind === "separator";
    if (nearest(value, ["dataplane"]).length > 0) return true;
    // However a cost is spelled, nothing else is a name with a number: defaults stand behind `=`.
    const isColon = tokens[index + 1]?.value === ":";
    const behind = tokens[index + (isColon ? 2 : 1)];
    return behind?.kind === "number" || (behind?.value === "{" && (isColon || value === "cost"));
  });
}
