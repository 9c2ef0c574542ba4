import { WireError } from "../error/wire-error.ts";
import type { ExitCode } from "./main.ts";
import { createOutput } from "./report.ts";
import { type StatusReport, statusTable } from "./status-table.ts";

const timeoutMs = 5_000;

/** `wire status`: what a control plane on this machine knows of its proxies. */
export async function status(
  _: readonly string[],
  options: { readonly httpPort: number; readonly json?: boolean },
): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const url = `http://127.0.0.1:${options.httpPort}/status`;
  const report = await ask(url);
  if (output.json) output.print(JSON.stringify(report));
  else for (const line of statusTable(report)) output.print(line);
  return 0;
}

async function ask(url: string): Promise<StatusReport> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    const report: unknown = await response.json();
    if (!response.ok || typeof report !== "object" || report === null || !("proxies" in report))
      throw new Error(`it answers ${response.status}`);
    return report as StatusReport;
  } catch (cause) {
    throw new WireError(
      "status",
      `no control plane answers at ${url}: start one by \`wire serve\` or \`wire up\`, or give its --http-port`,
      { cause },
    );
  }
}
