import type { Waited } from "../rollout/revisions.ts";
import { askControlPlane, type ControlPlaneOptions, noControlPlane } from "./ask-control-plane.ts";
import { waitedText } from "./history-text.ts";
import type { ExitCode } from "./main.ts";
import { createOutput, type Output } from "./report.ts";

export interface WaitOptions extends ControlPlaneOptions {
  /** Seconds. */
  readonly timeout: number;
  readonly json?: boolean;
}

/** `wire wait [REVISION]`: until all connected proxies serve it, by default the newest. */
export async function wait([which = "newest"]: readonly string[], options: WaitOptions): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const waited = await waitFor(which, options);
  return told(waited, output);
}

/** What became of it: 1 where it will not be in force, 3 where it may be still. */
export function told(waited: Waited, output: Output): ExitCode {
  if (output.json) output.print(JSON.stringify(waited));
  else if (waited.kind === "converged") output.print(waitedText(waited));
  if (waited.kind === "converged") return 0;
  output.progress(`wire: ${waitedText(waited)}`);
  return waited.kind === "timeout" ? 3 : 1;
}

export async function waitFor(which: string, options: WaitOptions): Promise<Waited> {
  const answer = await askControlPlane(
    `/history/${which}/convergence?timeout=${options.timeout}`,
    options,
    // Longer than it may take there.
    { timeoutMs: options.timeout * 1_000 + 10_000 },
  );
  if (answer.status !== 200) throw noControlPlane(answer.url);
  return answer.body as Waited;
}
