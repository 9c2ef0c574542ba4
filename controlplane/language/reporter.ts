import type { Code } from "./codes.ts";
import type { Diagnostic, Suggestion } from "./diagnostic.ts";
import type { Source, Span } from "./source.ts";

/** What a diagnostic may say besides its message. */
export interface ReportOptions {
  readonly help?: string;
  readonly suggestions?: readonly Suggestion[];
  readonly label?: string;
  /** Default `error`. */
  readonly severity?: "error" | "warning";
}

/** Collects the diagnostics of one source. */
export interface Reporter {
  readonly source: Source;
  readonly diagnostics: readonly Diagnostic[];
  report(code: Code, span: Span, message: string, options?: ReportOptions): void;
}

export function reporterFor(source: Source): Reporter {
  const diagnostics: Diagnostic[] = [];
  return {
    source,
    diagnostics,
    report(code, span, message, options = {}) {
      const { severity = "error", suggestions = [], ...rest } = options;
      const offered = suggestions.length === 0 ? {} : { suggestions };
      diagnostics.push({ code, severity, message, source, span, ...rest, ...offered });
    },
  };
}
