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
  readonly source: Source;
  readonly span: Span;
  /** Said beside the underline. */
  readonly label?: string;
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === "error");
}
