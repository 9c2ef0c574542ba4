import { diagnosticToJson } from "../language/render.ts";
import type { FaultyApplication } from "./eval-applications.ts";
import { type Output, reportDiagnostics } from "./report.ts";

/** Say what is wrong with an application. */
export function reportFaulty(output: Output, { diagnostics, faults }: FaultyApplication): void {
  if (output.json) output.print(JSON.stringify({ diagnostics: diagnostics.map(diagnosticToJson), faults }));
  reportDiagnostics(output, diagnostics);
  for (const fault of faults) output.progress(`wire: ${fault}`);
}
