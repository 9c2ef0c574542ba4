import { WireError } from "../error/wire-error.ts";
import { asBeforeText, offText, type SwitchReport, unkeptText } from "../rollout/switch-report.ts";
import { askControlPlane, type ControlPlaneOptions } from "./ask-control-plane.ts";
import type { ExitCode } from "./main.ts";
import { createOutput } from "./report.ts";

/** Longer than a control plane waits for its proxies. */
const timeoutMs = 15_000;

interface SwitchOptions extends ControlPlaneOptions {
  readonly json?: boolean;
}

/** `wire disable`: have policies do nothing from now on, in all proxies. */
export function disable(names: readonly string[], options: SwitchOptions): Promise<ExitCode> {
  return switchBy("/disable", names, options);
}

/** `wire enable`: the reverse. */
export function enable(names: readonly string[], options: SwitchOptions): Promise<ExitCode> {
  return switchBy("/enable", names, options);
}

async function switchBy(
  path: "/disable" | "/enable",
  policies: readonly string[],
  options: SwitchOptions,
): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const posted = { body: { policies }, timeoutMs };
  const { status, body } = await askControlPlane(path, options, posted);
  const error = typeof body === "object" && body !== null && "error" in body ? `${body.error}` : undefined;
  if (status === 404 && error !== undefined) {
    if (output.json) output.print(JSON.stringify(body));
    output.progress(`wire: ${error}`);
    return 1;
  }
  if (status !== 200) throw new WireError("switch", error ?? `the control plane answers ${status}`);
  const report = body as SwitchReport;
  if (output.json) output.print(JSON.stringify(report));
  else {
    output.print(offText(report.off) || "no policy is switched off");
    const asBefore = asBeforeText(report);
    if (asBefore !== "") output.print(asBefore);
    output.print(
      report.waitingFor.length === 0
        ? `in force in all proxies after ${report.milliseconds} ms`
        : `not in force yet in the proxies of ${report.waitingFor.join(", ")}, which take it when they answer again`,
    );
  }
  const unkept = unkeptText(report);
  if (unkept !== "") output.progress(`wire: ${unkept}`);
  return report.waitingFor.length === 0 ? 0 : 3;
}
