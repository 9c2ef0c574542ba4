import { writeFile } from "node:fs/promises";
import { WireError } from "../error/wire-error.ts";
import { hasErrors } from "../language/diagnostic.ts";
import { format } from "../language/format.ts";
import { diagnosticToJson } from "../language/render.ts";
import type { Source } from "../language/source.ts";
import type { ExitCode } from "./main.ts";
import { readFiles } from "./read-files.ts";
import { createOutput, reportDiagnostics } from "./report.ts";

/**
 * `wire fmt`: lay out Copper and interfaces, each file in its place; with `check`, only say which files are not laid out. Files with
 * mistakes stay as they are, and are at fault.
 */
export async function fmt(
  paths: readonly string[],
  options: { readonly check?: boolean; readonly json?: boolean },
): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const sources = await readFiles(paths, isFormatted);
  const other = sources.find(({ path }) => !isFormatted(path));
  if (sources.length === 0 || other !== undefined) {
    const message =
      other === undefined
        ? `no Copper (.cup) and no interface (.cui) in ${paths.map((path) => `\`${path}\``).join(", ")}`
        : `\`${other.path}\` is neither Copper (.cup) nor an interface (.cui)`;
    if (output.json) output.print(JSON.stringify({ changed: [], diagnostics: [], error: message }));
    output.progress(`wire: ${message}`);
    return 1;
  }
  const results = sources.map((source) => ({ source, ...format(source) }));
  const changed = results.filter(({ source, text }) => text !== source.text);
  const diagnostics = results.flatMap((result) => result.diagnostics);
  if (options.check !== true) for (const { source, text } of changed) await write(source, text);
  if (output.json) {
    const files = changed.map(({ source }) => source.path);
    output.print(JSON.stringify({ changed: files, diagnostics: diagnostics.map(diagnosticToJson) }));
  } else {
    reportDiagnostics(output, diagnostics);
    for (const { source } of changed) output.print(source.path);
  }
  return hasErrors(diagnostics) || (options.check === true && changed.length > 0) ? 1 : 0;
}

function isFormatted(name: string): boolean {
  return name.endsWith(".cup") || name.endsWith(".cui");
}

async function write({ path }: Source, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new WireError("file", `cannot write ${path}: ${reason}`, { cause });
  }
}
