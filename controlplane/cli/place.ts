import { hasErrors } from "../language/diagnostic.ts";
import { checkInput } from "../pipeline/build.ts";
import { amountsOf } from "../placement/amounts.ts";
import { diagnoseTooManyTogether } from "../placement/diagnose.ts";
import { explainPlacement } from "../placement/explain.ts";
import { fromJson } from "../placement/from-json.ts";
import { pathTables } from "../placement/path-tables.ts";
import { place } from "../placement/solve.ts";
import { mibText } from "./cost-text.ts";
import type { ExitCode } from "./main.ts";
import { noPolicies } from "./no-policies.ts";
import { readSource } from "./read-files.ts";
import { readSources, withParams } from "./read-sources.ts";
import { createOutput, diagnosticsJson, reportDiagnostics } from "./report.ts";
import { rounded } from "./rounded.ts";
import { sayIfLong } from "./say-if-long.ts";
import { parseAssumption, refuseAssumptions, whatIf } from "./what-if.ts";

/** `wire place`: the placement, without compiling anything. */
export async function placeCommand(
  paths: readonly string[],
  options: {
    readonly mesh: string;
    readonly params?: string;
    readonly timeLimit: number;
    readonly from?: string;
    readonly whatIf?: readonly string[];
    readonly json?: boolean;
  },
): Promise<ExitCode> {
  const assumptions = (options.whatIf ?? []).map(parseAssumption);
  refuseAssumptions(paths);
  const output = createOutput({ json: options.json === true });
  const sources = await readSources(withParams(paths, options.params));
  if (sources.length === 0) return noPolicies(output, paths);
  const meshSource = await readSource(options.mesh);
  const lastSource = options.from === undefined ? undefined : await readSource(options.from);
  const { mesh, policies, dataplanes, diagnostics } = checkInput({ policies: sources, mesh: meshSource });
  const last = lastSource === undefined ? undefined : fromJson(lastSource, policies);
  const read = [...diagnostics, ...(last?.diagnostics ?? [])];
  if (mesh === undefined || hasErrors(read)) {
    if (output.json) output.print(diagnosticsJson(read));
    reportDiagnostics(output, read);
    return 1;
  }
  const previous = last?.placement === undefined ? {} : { previous: last.placement };
  const start = performance.now();
  const placed = await sayIfLong(
    output,
    place(policies, mesh, { dataplanes, timeLimitS: options.timeLimit, ...previous }),
    "placing the policies",
  );
  const ms = Math.round((performance.now() - start) * 10) / 10;
  const all = [...diagnostics, ...placed.diagnostics];
  // Of what is assumed the same is said again.
  reportDiagnostics(output, assumptions.length > 0 && placed.placement !== undefined ? diagnostics : all);
  if (assumptions.length > 0)
    return await whatIf(output, {
      ...{ assumptions, sources, mesh: meshSource, timeLimitS: options.timeLimit },
      ...(placed.placement === undefined ? {} : { before: placed.placement }),
    });
  if (placed.placement === undefined) {
    if (output.json) output.print(diagnosticsJson(all));
    return 1;
  }
  const tables = pathTables(placed.placement, policies, { mesh, dataplanes });
  if (tables !== undefined && "kind" in tables) {
    const tooMany = diagnoseTooManyTogether(tables.policies);
    if (output.json) output.print(diagnosticsJson([...all, ...tooMany]));
    reportDiagnostics(output, tooMany);
    return 1;
  }
  const { status, cost, bound, proxies, unmatched } = placed.placement;
  const amounts = amountsOf(placed.placement, policies, { mesh, dataplanes });
  // A sum of many measurements has more places than anybody believes; a bare number is as it was written.
  const shownCost = amounts === undefined ? String : rounded;
  if (output.json) {
    const shown = proxies.map(({ policies: placedPolicies, ...proxy }) => ({
      ...proxy,
      policies: placedPolicies.map(({ policy, side, calls }) => ({ policy, side, calls })),
    }));
    output.print(
      JSON.stringify({
        status,
        cost,
        bound,
        ...(amounts === undefined ? {} : { amounts }),
        ms,
        proxies: shown,
        unmatched,
      }),
    );
  } else {
    output.print(
      `${proxies.length} of ${mesh.services.size} services ${proxies.length === 1 ? "gets" : "get"} a proxy (${status}, cost ${shownCost(cost)}, bound ${shownCost(bound)}${gapText(cost, bound)}, ${ms} ms)`,
    );
    if (amounts !== undefined) {
      output.print(
        `  together they take ${rounded(amounts.cpuMilli)} mCPU and ${rounded(amounts.memoryMib)} MiB; the cost is in mCPU, at ${mibText(mesh)}`,
      );
    }
    for (const line of explainPlacement(placed.placement, policies, mesh, dataplanes))
      output.print(`  ${line}`);
    for (const name of unmatched) output.print(`  ${name} is enforced nowhere`);
  }
  return 0;
}

/** How much cheaper another placement might be at most; nothing where it is proved that none is. */
function gapText(cost: number, bound: number): string {
  return cost === bound ? "" : `, gap ${rounded((100 * (cost - bound)) / cost)} %`;
}
