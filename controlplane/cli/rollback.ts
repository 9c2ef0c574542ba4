import type { RollbackReport } from "../rollout/rollback-report.ts";
import { askControlPlane } from "./ask-control-plane.ts";
import { refused } from "./history.ts";
import { rollbackLines } from "./history-text.ts";
import type { ExitCode } from "./main.ts";
import { createOutput } from "./report.ts";
import { told, type WaitOptions, waitFor } from "./wait.ts";

export interface RollbackCommandOptions extends WaitOptions {
  /** Mesh and switches stay as they are. */
  readonly policiesOnly?: boolean;
}

/** The policies are compiled before it answers. */
const buildTimeoutMs = 120_000;

/** `wire rollback N`: what revision N was is rolled out as a new one, and waited for. */
export async function rollback(
  [which = ""]: readonly string[],
  options: RollbackCommandOptions,
): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const body = { revision: Number(which), policiesOnly: options.policiesOnly === true };
  const answer = await askControlPlane("/rollback", options, { body, timeoutMs: buildTimeoutMs });
  if (answer.status !== 200) {
    refused(answer, output);
    return 1;
  }
  const report = answer.body as RollbackReport;
  if (!output.json) for (const line of rollbackLines(report)) output.print(line);
  const waited = await waitFor(`${report.revision}`, options);
  if (!output.json) return told(waited, output);
  output.print(JSON.stringify({ ...report, waited }));
  return told(waited, { ...output, print: () => undefined });
}
