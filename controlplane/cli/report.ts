import type { Diagnostic } from "../language/diagnostic.ts";
import { diagnosticToJson, renderDiagnostic } from "../language/render.ts";

/** Where a command prints; `json` is for machines, and then nothing else goes to standard output. */
export interface Output {
  readonly json: boolean;
  print(text: string): void;
  progress(text: string): void;
  diagnostic(diagnostic: Diagnostic): void;
}

export function createOutput(options: { readonly json: boolean }): Output {
  return {
    json: options.json,
    print: (text) => process.stdout.write(`${text}\n`),
    progress: (text) => process.stderr.write(`${text}\n`),
    diagnostic: (diagnostic) => {
      const color = process.stderr.isTTY === true && process.env["NO_COLOR"] === undefined;
      process.stderr.write(`${renderDiagnostic(diagnostic, { color })}\n`);
    },
  };
}

/** Print diagnostics, errors last so that they are what stays on the screen. */
export function reportDiagnostics(output: Output, diagnostics: readonly Diagnostic[]): void {
  const ordered = [
    ...diagnostics.filter((diagnostic) => diagnostic.severity === "warning"),
    ...diagnostics.filter((diagnostic) => diagnostic.severity === "error"),
  ];
  for (const diagnostic of ordered) output.diagnostic(diagnostic);
}

export function diagnosticsJson(diagnostics: readonly Diagnostic[]): string {
  return JSON.stringify({ diagnostics: diagnostics.map(diagnosticToJson) });
}
