import type { Diagnostic } from "./diagnostic.ts";
import type { Source } from "./source.ts";

/** Both count from 1; columns count UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What `--json` prints for one diagnostic (design §7). */
export interface DiagnosticJson {
  readonly code: string;
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly help?: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** Line and column of an offset; one past the end is where the end is. */
export function positionOf(source: Source, offset: number): Position {
  const before = source.text.slice(0, Math.max(0, Math.min(offset, source.text.length)));
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: before.length - lineStart + 1 };
}

/** Print a diagnostic as a person reads it: headline, place, the line with its mark, help. No newline at the end. */
export function renderDiagnostic(diagnostic: Diagnostic, options: { readonly color: boolean }): string {
  const paint = (code: string, text: string) => (options.color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const hue = diagnostic.severity === "error" ? "1;31" : "1;33";
  const start = positionOf(diagnostic.source, diagnostic.span.start);
  const end = positionOf(diagnostic.source, diagnostic.span.end);
  const text = (diagnostic.source.text.split("\n")[start.line - 1] ?? "").replace(/\r$/, "");
  const from = Math.min(start.column - 1, text.length);
  const to = end.line === start.line ? Math.min(end.column - 1, text.length) : text.length;
  const pad = " ".repeat(String(start.line).length);
  const bar = paint("34", "│");
  // A tab stays a tab under the line, so that the mark stands where the terminal puts the text.
  const indent = text.slice(0, from).replace(/[^\t]/g, " ");
  const mark = "^".repeat(Math.max(1, to - from));
  const label = diagnostic.label === undefined ? "" : ` ${diagnostic.label}`;
  const lines = [
    `${paint(hue, `${diagnostic.severity}[${diagnostic.code}]`)}: ${paint("1", diagnostic.message)}`,
    `${pad} ${paint("34", "┌─")} ${diagnostic.source.path}:${start.line}:${start.column}`,
    `${pad} ${bar}`,
    `${paint("34", String(start.line))} ${bar} ${text}`.trimEnd(),
    `${pad} ${bar} ${indent}${paint(hue, `${mark}${label}`)}`,
  ];
  if (diagnostic.help !== undefined)
    lines.push(`${pad} ${bar}`, `${pad} ${paint("34", "=")} help: ${diagnostic.help}`);
  return lines.join("\n");
}

/** A diagnostic with its place in lines and columns instead of offsets. */
export function diagnosticToJson(diagnostic: Diagnostic): DiagnosticJson {
  const start = positionOf(diagnostic.source, diagnostic.span.start);
  const end = positionOf(diagnostic.source, diagnostic.span.end);
  return {
    code: diagnostic.code,
    severity: diagnostic.severity,
    message: diagnostic.message,
    ...(diagnostic.help === undefined ? {} : { help: diagnostic.help }),
    file: diagnostic.source.path,
    line: start.line,
    column: start.column,
    endLine: end.line,
    endColumn: end.column,
  };
}
