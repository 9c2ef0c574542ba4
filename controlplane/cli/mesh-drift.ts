import { hasErrors } from "../language/diagnostic.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import { drift } from "../mesh/traces/drift.ts";
import { labelled } from "../mesh/traces/infer-mesh.ts";
import { counted } from "./counted.ts";
import type { ExitCode } from "./main.ts";
import { progress, reportFaults, said, summary } from "./mesh-infer.ts";
import { readSource } from "./read-files.ts";
import { readTraces } from "./read-traces.ts";
import { createOutput, diagnosticsJson, reportDiagnostics } from "./report.ts";

/** `wire mesh drift`: where a mesh file and traces differ. As with `fmt --check`, a difference is the answer 1. */
export async function meshDrift(
  paths: readonly string[],
  options: {
    readonly mesh: string;
    readonly factor: number;
    readonly sampling: number;
    readonly json?: boolean;
  },
): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const { mesh, diagnostics } = fromYaml(await readSource(options.mesh));
  if (mesh === undefined || hasErrors(diagnostics)) {
    if (output.json) output.print(diagnosticsJson(diagnostics));
    reportDiagnostics(output, diagnostics);
    return 1;
  }
  const traces = await readTraces(paths, progress());
  if (traces.spans === 0 && traces.rows === 0) {
    const message = "no span was found in these files: nothing can be said of drift";
    if (output.json) output.print(JSON.stringify({ error: message, ...summary(traces) }));
    else reportFaults(output, traces.faults);
    output.progress(`wire: ${message}`);
    return 1;
  }
  const observed = labelled(traces.observed, options.sampling);
  const { factor } = options;
  const seconds = traces.observed.seconds * options.sampling;
  // Rows of call graphs are of calls alone.
  const found = drift(mesh, observed, { factor, seconds, showStarts: traces.spans > 0 });
  const isSame = Object.values(found).every((list) => list.length === 0);
  if (output.json) {
    output.print(JSON.stringify({ ...found, factor, ...summary(traces), notes: said(traces, observed) }));
    return isSame ? 0 : 1;
  }
  reportFaults(output, traces.faults);
  for (const note of said(traces, observed)) output.progress(`note: ${note}`);
  for (const { from, to } of found.unobserved) output.print(`never observed: ${arrow(from, to)}`);
  for (const { from, to, count } of found.undeclared)
    output.print(`not declared: ${arrow(from, to)} (${counted(count, "time")})`);
  for (const service of found.unobservedOrigins)
    output.print(`never observed: ${service} starting requests by itself, as an \`origin\` does`);
  for (const { service, count } of found.undeclaredOrigins)
    output.print(
      `not declared: ${service} starts requests by itself (${counted(count, "time")}): say \`origin: true\``,
    );
  for (const { from, to, declared, observed: rate } of found.rates)
    output.print(
      `another rate: ${arrow(from, to)} is declared ${declared} a second and observed ${rate} (more than ${factor} times apart)`,
    );
  const isOne = mesh.calls.length === 1;
  if (isSame)
    output.print(
      `no drift: ${isOne ? "the call is as it was" : `${mesh.calls.length} calls are as they were`} observed`,
    );
  return isSame ? 0 : 1;
}

function arrow(from: string | null, to: string): string {
  return `${from ?? "outside"} -> ${to}`;
}
