import type { Code } from "./codes.ts";
import type { Source, Span } from "./source.ts";

/** Something wrong with the user's input. Diagnostics are values: stages collect them and go on. */
export interface Diagnostic {
  readonly code: Code;
  readonly severity: "error" | "warning";
  /** Lower case, no full stop, user text in backticks. */
  readonly message: string;
  /** What to type instead. */
  readonly help?: string;
  /** What an editor offers to write instead, likeliest first. */
  readonly suggestions?: readonly Suggestion[];
  readonly source: Source;
  readonly span: Span;
  /** Said beside the underline. */
  readonly label?: string;
}

/** Writing `text` over `span` of the diagnostic's source would mend it. */
export interface Suggestion {
  readonly span: Span;
  readonly text: string;
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === "error");
}
