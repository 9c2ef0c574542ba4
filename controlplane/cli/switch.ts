import { WireError } from "../error/wire-error.ts";
import { asBeforeText, offText, type SwitchReport } from "../rollout/switch-report.ts";
import { askControlPlane } from "./ask-control-plane.ts";
import type { ExitCode } from "./main.ts";
import { createOutput } from "./report.ts";

/** Longer than a control plane waits for its proxies. */
const timeoutMs = 15_000;

interface SwitchOptions {
  readonly httpPort: number;
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
  { httpPort, json }: SwitchOptions,
): Promise<ExitCode> {
  const output = createOutput({ json: json === true });
  const { status, value } = await askControlPlane({ httpPort, path }, timeoutMs, { policies });
  if (status === 404 && "error" in value) {
    if (output.json) output.print(JSON.stringify(value));
    output.progress(`wire: ${value.error}`);
    return 1;
  }
  if (status !== 200)
    throw new WireError(
      "switch",
      "error" in value ? `${value.error}` : `the control plane answers ${status}`,
    );
  const report = value as SwitchReport;
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
  return report.waitingFor.length === 0 ? 0 : 3;
}
