import { WireError } from "../error/wire-error.ts";
import { askControlPlane } from "./ask-control-plane.ts";
import type { ExitCode } from "./main.ts";
import { createOutput } from "./report.ts";
import { type StatusReport, statusTable } from "./status-table.ts";

const timeoutMs = 5_000;

/** `wire status`: what a control plane on this machine knows of its proxies. */
export async function status(
  _: readonly string[],
  { httpPort, json }: { readonly httpPort: number; readonly json?: boolean },
): Promise<ExitCode> {
  const output = createOutput({ json: json === true });
  const path = "/status";
  const { value } = await askControlPlane({ httpPort, path }, timeoutMs);
  if (!("proxies" in value))
    throw new WireError("status", `what answers at port ${httpPort} is no control plane`);
  const report = value as StatusReport;
  if (output.json) output.print(JSON.stringify(report));
  else for (const line of statusTable(report)) output.print(line);
  return 0;
}
