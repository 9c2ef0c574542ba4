import { askControlPlane, type ControlPlaneOptions, noControlPlane } from "./ask-control-plane.ts";
import type { ExitCode } from "./main.ts";
import { createOutput } from "./report.ts";
import { type StatusReport, statusTable } from "./status-table.ts";

export interface StatusOptions extends ControlPlaneOptions {
  readonly json?: boolean;
}

/** `wire status`: what a control plane knows of its proxies. */
export async function status(_: readonly string[], options: StatusOptions): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const { url, status: code, body } = await askControlPlane("/status", options);
  if (code !== 200 || typeof body !== "object" || body === null || !("proxies" in body))
    throw noControlPlane(url);
  if (output.json) output.print(JSON.stringify(body));
  else for (const line of statusTable(body as StatusReport)) output.print(line);
  return 0;
}
