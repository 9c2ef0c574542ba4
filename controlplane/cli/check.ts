import { checkFilters } from "../codegen/check-filters.ts";
import { checkPolicies } from "../language/check-policies.ts";
import { hasErrors } from "../language/diagnostic.ts";
import { checkInput } from "../pipeline/build.ts";
import type { ExitCode } from "./main.ts";
import { noPolicies } from "./no-policies.ts";
import { readSource } from "./read-files.ts";
import { readSources } from "./read-sources.ts";
import { createOutput, diagnosticsJson, reportDiagnostics } from "./report.ts";

/** `wire check`: parse, type-check, filter code with its compiler, and resolve contexts where a mesh is given. */
export async function check(
  paths: readonly string[],
  options: { readonly mesh?: string; readonly json?: boolean },
): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const sources = await readSources(paths);
  if (sources.length === 0) return noPolicies(output, paths);
  const checked =
    options.mesh === undefined
      ? checkPolicies(sources)
      : checkInput({ policies: sources, mesh: await readSource(options.mesh) });
  const { policies } = checked;
  const diagnostics = [...checked.diagnostics, ...(await checkFilters(policies))];
  if (output.json) output.print(diagnosticsJson(diagnostics));
  else {
    reportDiagnostics(output, diagnostics);
    if (!hasErrors(diagnostics)) {
      const unseen = options.mesh === undefined ? " (without --mesh the services are not looked up)" : "";
      const names = policies.length > 0 ? policies.map(({ name }) => name) : sources.map(({ path }) => path);
      output.print(`ok: ${names.join(", ")}${unseen}`);
    }
  }
  return hasErrors(diagnostics) ? 1 : 0;
}
