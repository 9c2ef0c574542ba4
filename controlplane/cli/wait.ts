import type { Waited } from "../rollout/revisions.ts";
import { askControlPlane, type ControlPlaneOptions, noControlPlane } from "./ask-control-plane.ts";
import { waitedText } from "./history-text.ts";
import type { ExitCode } from "./main.ts";
import { createOutput, type Output } from "./report.ts";

const roundS = 60;

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

/** Asked for again and again, since an answer that does not begin for minutes is given up. */
export async function waitFor(which: string, options: WaitOptions): Promise<Waited> {
  const endMs = performance.now() + options.timeout * 1_000;
  let asked = which;
  for (;;) {
    const seconds = Math.min(Math.max((endMs - performance.now()) / 1_000, 0), roundS);
    const { status, url, body } = await askControlPlane(
      `/history/${asked}/convergence?timeout=${seconds}`,
      options,
      // Longer than it may take there.
      { timeoutMs: Math.ceil(seconds * 1_000) + 10_000 },
    );
    if (status !== 200) throw noControlPlane(url);
    const waited = body as Waited;
    if (waited.kind !== "timeout" || performance.now() >= endMs) return waited;
    // The newest is the one that was the newest at first.
    asked = `${waited.revision ?? asked}`;
  }
}
