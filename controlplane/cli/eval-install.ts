import { rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { cachedVegeta } from "../../envoy/measure/find-vegeta.ts";
import { evalTools } from "./eval-tools.ts";
import type { ExitCode } from "./main.ts";
import { createOutput } from "./report.ts";
import { writing } from "./write-file.ts";

interface InstallOptions {
  readonly json?: boolean;
}

/** `wire eval install`: what measurements need, before they begin. */
export async function evalInstall(_: readonly string[], options: InstallOptions): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const { envoy, vegeta } = await evalTools(output.progress);
  if (output.json) output.print(JSON.stringify({ envoy, vegeta }));
  else for (const path of [envoy, vegeta]) output.print(path);
  return 0;
}

/** `wire eval uninstall`: Envoy stays, which other commands use too, and so does what somebody else has put there. */
export async function evalUninstall(_: readonly string[], options: InstallOptions): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const folder = dirname(cachedVegeta(process.env));
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  );
  await writing(folder, () => rm(folder, { recursive: true, force: true }));
  if (output.json) output.print(JSON.stringify({ deleted: isThere ? [folder] : [] }));
  else output.print(isThere ? `deleted ${folder}` : `nothing was built: ${folder} is not there`);
  return 0;
}
