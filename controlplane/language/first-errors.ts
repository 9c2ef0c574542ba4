import { type Diagnostic, hasErrors } from "./diagnostic.ts";
import { reporterFor } from "./reporter.ts";
import type { Source } from "./source.ts";

/** More than anybody reads before mending the first ones. */
const errorsMax = 20;

/** The diagnostics of one file in the order of its text: of very many errors the first ones, and how many more there are. */
export function firstErrors(source: Source, diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const ordered = diagnostics.toSorted((a, b) => a.span.start - b.span.start);
  const errors = ordered.filter((diagnostic) => hasErrors([diagnostic]));
  const next = errors[errorsMax];
  if (next === undefined) return ordered;
  const left = errors.length - errorsMax;
  const reporter = reporterFor(source);
  reporter.report("SRC0102", next.span, `and ${left} more ${left === 1 ? "error" : "errors"} from here on`, {
    help: "mend the ones above first",
  });
  return [...ordered.slice(0, ordered.indexOf(next)), ...reporter.diagnostics];
}
