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
  const starts = lineStartsOf(source);
  const at = Math.max(0, Math.min(offset, source.text.length));
  let [line, after] = [0, starts.length];
  while (after - line > 1) {
    const middle = (line + after) >> 1;
    if ((starts[middle] ?? 0) <= at) line = middle;
    else after = middle;
  }
  return { line: line + 1, column: at - (starts[line] ?? 0) + 1 };
}

const known = new WeakMap<Source, readonly number[]>();

/** Where each line begins; looked up once for all diagnostics of a file. */
function lineStartsOf(source: Source): readonly number[] {
  const starts = known.get(source) ?? [0, ...[...source.text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  known.set(source, starts);
  return starts;
}

function lineAt(source: Source, line: number): string {
  const starts = lineStartsOf(source);
  return source.text.slice(starts[line - 1], starts[line]).replace(/\r?\n?$/, "");
}

/** Print a diagnostic as a person reads it: headline, place, the line with its mark, help. No newline at the end. Findings have a kind and no code. */
export function renderDiagnostic(
  diagnostic: Omit<Diagnostic, "code"> & { readonly code: string },
  options: { readonly color: boolean },
): string {
  const paint = (code: string, text: string) => (options.color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const hue = diagnostic.severity === "error" ? "1;31" : "1;33";
  const start = positionOf(diagnostic.source, diagnostic.span.start);
  const end = positionOf(diagnostic.source, diagnostic.span.end);
  const whole = lineAt(diagnostic.source, start.line);
  const last = end.line === start.line ? end.column - 1 : whole.length;
  const { text, from, to } = excerpt(whole, start.column - 1, last);
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

const lineLengthMax = 200;
const ahead = 60;

/** The part of a very long line that is around the mark, and the mark in it. What would move a terminal's cursor is not shown. */
function excerpt(
  line: string,
  from: number,
  to: number,
): { readonly text: string; readonly from: number; readonly to: number } {
  const shown = line.replace(/[^\P{Cc}\t]/gu, "\uFFFD");
  const begin = shown.length <= lineLengthMax ? 0 : Math.max(0, Math.min(from, shown.length) - ahead);
  const part = shown.slice(begin, begin + lineLengthMax);
  const text = `${begin > 0 ? "…" : ""}${part}${begin + part.length < shown.length ? "…" : ""}`;
  const moved = (at: number): number => Math.min(at - begin + (begin > 0 ? 1 : 0), text.length);
  return { text, from: moved(from), to: moved(to) };
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
