import { conflicts, type Finding } from "../analysis/conflicts.ts";
import { verdicts } from "../analysis/verdicts.ts";
import { hasErrors } from "../language/diagnostic.ts";
import { checkInput } from "../pipeline/build.ts";
import { diagnoseTooManyStates } from "../placement/diagnose.ts";
import { counted } from "./counted.ts";
import { findingText, isAtFault, placesText } from "./finding-text.ts";
import type { ExitCode } from "./main.ts";
import { noPolicies } from "./no-policies.ts";
import { readSource } from "./read-files.ts";
import { readSources, withParams } from "./read-sources.ts";
import { createOutput, diagnosticsJson, reportDiagnostics } from "./report.ts";
import { requestJson } from "./request-text.ts";

/** `wire conflicts`: what policies do to each other. Contradictions, and what cannot be placed, are at fault; the rest may be meant. */
export async function conflictsCommand(
  paths: readonly string[],
  options: { readonly mesh: string; readonly params?: string; readonly json?: boolean },
): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const sources = await readSources(withParams(paths, options.params));
  if (sources.length === 0) return noPolicies(output, paths);
  const { mesh, policies, diagnostics } = checkInput({
    policies: sources,
    mesh: await readSource(options.mesh),
  });
  if (mesh === undefined || hasErrors(diagnostics)) {
    if (output.json) output.print(diagnosticsJson(diagnostics));
    reportDiagnostics(output, diagnostics);
    return 1;
  }
  const unknown = diagnoseTooManyStates(
    policies.filter((policy) => policy.mode !== "off" && verdicts(policy, mesh).tooManyStates),
  );
  if (unknown.length > 0) {
    if (output.json) output.print(diagnosticsJson(unknown));
    reportDiagnostics(output, unknown);
    return 1;
  }
  const findings = conflicts(policies, mesh);
  if (output.json) {
    const shown = findings.map(({ kind, policies: concerned, path, request, detail, places }) => ({
      kind,
      policies: concerned.map(({ name }) => name),
      path,
      ...(request === undefined || request.size === 0 ? {} : { request: requestJson(request) }),
      detail: `${detail} (${placesText(places)})`,
    }));
    output.print(JSON.stringify({ findings: shown }));
  } else {
    const color = process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined;
    for (const finding of findings.toReversed()) output.print(findingText(finding, color));
    output.print(summary(findings));
  }
  return findings.some(isAtFault) ? 1 : 0;
}

function summary(findings: readonly Finding[]): string {
  if (findings.length === 0) return "ok: no conflicts";
  const remedies = [
    ["contradiction", "contradictions: give one of the policies a `priority`"],
    ["allows-apart", "`Allow`s apart: leave out a heading"],
    ["order-apart", "against their order: leave out a heading, or change a priority"],
  ].flatMap(([kind, text]) => {
    const count = findings.filter((finding) => finding.kind === kind).length;
    return count === 0 ? [] : [`, ${count} of them ${text}`];
  });
  return `${counted(findings.length, "finding")}${remedies.join("")}`;
}
