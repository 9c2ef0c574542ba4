import type { Diagnostic } from "../language/diagnostic.ts";
import type { Span } from "../language/source.ts";
import type { Edit } from "./workspace.ts";

/** A mend that an editor offers for a diagnostic. */
export interface QuickFix {
  readonly title: string;
  readonly diagnostic: Diagnostic;
  readonly edit: Edit;
  /** Whether it is the only one for its diagnostic. */
  readonly isPreferred: boolean;
}

/** What could be written instead of what is wrong in a range: the suggestions of its diagnostics. */
export function quickFixes(diagnostics: readonly Diagnostic[], range: Span): readonly QuickFix[] {
  return diagnostics
    .filter(({ span }) => span.start <= range.end && range.start <= span.end)
    .flatMap((diagnostic) =>
      (diagnostic.suggestions ?? []).map(
        ({ span, text }, _, { length }): QuickFix => ({
          title: `change to \`${text}\``,
          diagnostic,
          edit: { path: diagnostic.source.path, span, text },
          isPreferred: length === 1,
        }),
      ),
    );
}
