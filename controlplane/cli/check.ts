import { bound } from "../analysis/bound.ts";
import { checkBounds } from "../analysis/check-bounds.ts";
import { checkFilters } from "../codegen/check-filters.ts";
import { checkPolicies } from "../language/check-policies.ts";
import { hasErrors } from "../language/diagnostic.ts";
import { diagnosticToJson } from "../language/render.ts";
import { checkInput } from "../pipeline/build.ts";
import type { ExitCode } from "./main.ts";
import { noPolicies } from "./no-policies.ts";
import { readSource } from "./read-files.ts";
import { readSources, withParams } from "./read-sources.ts";
import { createOutput, reportDiagnostics } from "./report.ts";

/** Filter code may loop. */
const unbounded = { hostCalls: null, bytes: null };

/** `wire check`: parse, type-check, filter code with its compiler, and resolve contexts where a mesh is given. */
export async function check(
  named: readonly string[],
  options: {
    readonly mesh?: string;
    readonly params?: string;
    readonly verbose?: boolean;
    readonly json?: boolean;
  },
): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const paths = withParams(named, options.params);
  const sources = await readSources(paths);
  if (sources.length === 0) return noPolicies(output, named);
  const checked =
    options.mesh === undefined
      ? withBounds(checkPolicies(sources))
      : checkInput({ policies: sources, mesh: await readSource(options.mesh) });
  const { policies } = checked;
  const diagnostics = [...checked.diagnostics, ...(await checkFilters(policies))];
  const bounds = policies.map((policy) => ({ policy: policy.name, ...(bound(policy) ?? unbounded) }));
  if (output.json) {
    output.print(JSON.stringify({ diagnostics: diagnostics.map(diagnosticToJson), bounds }));
  } else {
    reportDiagnostics(output, diagnostics);
    for (const each of options.verbose === true ? bounds : []) output.print(boundText(each));
    if (!hasErrors(diagnostics)) {
      const unseen = options.mesh === undefined ? " (without --mesh the services are not looked up)" : "";
      const names = policies.length > 0 ? policies.map(({ name }) => name) : sources.map(({ path }) => path);
      output.print(`ok: ${listed(names)}${unseen}`);
    }
  }
  return hasErrors(diagnostics) ? 1 : 0;
}

/** The names as long as they can be read at a glance, and then how many there are more. */
function listed(names: readonly string[]): string {
  const shown = names.length > 10 ? names.slice(0, 5) : names;
  const rest = names.length - shown.length;
  return [...shown, ...(rest === 0 ? [] : [`and ${rest} more`])].join(", ");
}

function withBounds(checked: ReturnType<typeof checkPolicies>): ReturnType<typeof checkPolicies> {
  return { ...checked, diagnostics: [...checked.diagnostics, ...checkBounds(checked.policies)] };
}

function boundText({
  policy,
  hostCalls,
  bytes,
}: {
  policy: string;
  hostCalls: number | null;
  bytes: number | null;
}): string {
  if (hostCalls === null || bytes === null) return `${policy}: no static bound, since filter code may loop`;
  return `${policy}: at most ${hostCalls} host calls and ${Math.ceil(bytes / 1024)} KiB for a request`;
}
