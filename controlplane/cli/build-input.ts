import { hasErrors } from "../language/diagnostic.ts";
import { type Build, build } from "../pipeline/build.ts";
import { noPolicies } from "./no-policies.ts";
import { readSource } from "./read-files.ts";
import { readSources, withParams } from "./read-sources.ts";
import { diagnosticsJson, type Output, reportDiagnostics } from "./report.ts";
import { building, sayIfLong } from "./say-if-long.ts";

/** Read and build what the command line names, reporting what is wrong with it; undefined when it cannot be built. */
export async function buildInput(
  output: Output,
  paths: readonly string[],
  { mesh, params }: { readonly mesh: string; readonly params?: string },
): Promise<Build | undefined> {
  const policies = await readSources(withParams(paths, params));
  if (policies.length === 0) {
    noPolicies(output, paths);
    return undefined;
  }
  const { build: built, diagnostics } = await sayIfLong(
    output,
    build({ policies, mesh: await readSource(mesh) }),
    building,
  );
  if (output.json && hasErrors(diagnostics)) output.print(diagnosticsJson(diagnostics));
  reportDiagnostics(output, diagnostics);
  return built;
}
