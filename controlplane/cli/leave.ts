import { WireError } from "../error/wire-error.ts";
import { type LeaveReport, leaveText } from "../rollout/leave.ts";
import { unkeptText } from "../rollout/switch-report.ts";
import { askControlPlane, type ControlPlaneOptions } from "./ask-control-plane.ts";
import type { ExitCode } from "./main.ts";
import { createOutput } from "./report.ts";

export interface LeaveOptions extends ControlPlaneOptions {
  readonly json?: boolean;
}

const timeoutMs = 5_000;

/** `wire force-leave`: have changes wait no more for proxies that are gone. */
export async function forceLeave(services: readonly string[], options: LeaveOptions): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const { status, body } = await askControlPlane("/force-leave", options, { body: { services }, timeoutMs });
  if (status === 200) {
    const report = body as LeaveReport;
    output.print(output.json ? JSON.stringify(report) : leaveText(report));
    const unkept = unkeptText(report);
    if (unkept !== "") output.progress(`wire: ${unkept}`);
    return 0;
  }
  const error = typeof body === "object" && body !== null && "error" in body ? `${body.error}` : undefined;
  if (error === undefined || status === 400)
    throw new WireError("leave", error ?? `the control plane answers ${status}`);
  if (output.json) output.print(JSON.stringify(body));
  output.progress(`wire: ${error}`);
  return 1;
}
