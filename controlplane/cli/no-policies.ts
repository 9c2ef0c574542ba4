import type { ExitCode } from "./main.ts";
import type { Output } from "./report.ts";

/** Nothing to do is an error of the input: a mistyped folder must not look like a mesh without policies. */
export function noPolicies(output: Output, paths: readonly string[]): ExitCode {
  const message = `no policy (.cup or .ts) in ${paths.map((path) => `\`${path}\``).join(", ")}`;
  if (output.json) output.print(JSON.stringify({ diagnostics: [], error: message }));
  output.progress(`wire: ${message}`);
  return 1;
}
