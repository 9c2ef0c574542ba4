import { writeFile } from "node:fs/promises";
import { CommanderError } from "commander";
import { isMeshName } from "../mesh/from-yaml.ts";
import { toYaml } from "../mesh/to-yaml.ts";
import { inferMesh, type Labelled, labelled } from "../mesh/traces/infer-mesh.ts";
import { counted } from "./counted.ts";
import type { Faults } from "./faults.ts";
import type { ExitCode } from "./main.ts";
import { readTraces, type Traces } from "./read-traces.ts";
import { createOutput, type Output } from "./report.ts";
import { rounded } from "./rounded.ts";
import { isMade, writing } from "./write-file.ts";

/** `wire mesh infer`: a mesh file of traces. What could not be read is said, and the mesh is made of the rest. */
export async function meshInfer(
  paths: readonly string[],
  options: {
    readonly out?: string;
    readonly name: string;
    readonly sampling: number;
    readonly json?: boolean;
  },
): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  if (!isMeshName(options.name)) {
    const message = `error: \`${options.name}\` is no name of a mesh: letters, digits and hyphens`;
    throw new CommanderError(2, "wire.name", message);
  }
  const traces = await readTraces(paths, progress());
  const observed = labelled(traces.observed, options.sampling);
  const { mesh, notes } = inferMesh(observed, options.name);
  const text = toYaml(mesh);
  const isWell = mesh.services.size > 0;
  const { out } = options;
  if (isWell && out !== undefined) {
    const isNew = await writing(out, () => isMade(writeFile(out, text, { flag: "wx" })));
    if (!isNew) {
      const message = `${out} exists already: choose another file with --out`;
      if (output.json) output.print(JSON.stringify({ file: null, error: message }));
      output.progress(`wire: ${message}`);
      return 1;
    }
  }
  if (output.json) {
    const counts = { services: mesh.services.size, calls: mesh.calls.length };
    output.print(
      JSON.stringify({
        ...(out === undefined ? { mesh: isWell ? text : null } : { file: isWell ? out : null }),
        ...counts,
        ...summary(traces),
        notes: [...notes, ...said(traces, observed)],
      }),
    );
  } else {
    reportFaults(output, traces.faults);
    for (const note of [...notes, ...said(traces, observed)]) output.progress(`note: ${note}`);
    if (isWell && out === undefined) output.print(text.trimEnd());
    else if (isWell)
      output.print(
        `${out}: ${counted(mesh.services.size, "service")}, ${counted(mesh.calls.length, "call")}`,
      );
  }
  if (!isWell) output.progress("wire: no service was found in these files");
  return isWell ? 0 : 1;
}

/** What programs read of the traces themselves. */
export function summary({ spans, rows, observed, faults }: Traces): object {
  return { spans, rows, seconds: observed.seconds, faults };
}

/** What could not be read, each kind with the place of its first one. */
export function reportFaults(output: Output, faults: Faults): void {
  for (const { file, line, message, count } of faults.kinds)
    output.progress(`${file}:${line}: ${message}${count === 1 ? "" : ` (and ${count - 1} more)`}`);
  const rest = faults.count - faults.kinds.reduce((sum, { count }) => sum + count, 0);
  if (rest > 0) output.progress(`and ${rest} others that could not be read`);
}

/** What traces left open. */
export function said(traces: Traces, { toItself: calls, addedUp }: Labelled): readonly string[] {
  const toItself = traces.toItself + calls;
  const { seconds, idleSeconds } = traces.observed;
  return [
    ...(traces.orphans > 0
      ? [`the parents of ${counted(traces.orphans, "span")} are in none of these files`]
      : []),
    ...(traces.unnamed > 0
      ? [`${counted(traces.unnamed, "call")} ${traces.unnamed === 1 ? "does" : "do"} not say to whom`]
      : []),
    ...(toItself > 0
      ? [
          `${counted(toItself, "call")} of services to themselves ${toItself === 1 ? "is" : "are"} left out: no proxy sees them`,
        ]
      : []),
    ...(addedUp > 0
      ? [
          `${counted(addedUp, "call")} ${addedUp === 1 ? "is" : "are"} in traces whose times have nothing to do with each other: the rates of both are added`,
        ]
      : []),
    ...(idleSeconds > seconds / 2
      ? [
          `of ${rounded(seconds)} s from the first to the last, these files have nothing of ${rounded(idleSeconds)} s: rates are over all of it, and too low if only these parts were traced`,
        ]
      : []),
  ];
}

const rarelyMs = 10_000;

/** On a terminal, one line that is written over; elsewhere a line now and then. */
export function progress(): (text: string) => void {
  if (process.stderr.isTTY === true) return (text) => process.stderr.write(`\r\u001b[K${text}\r`);
  let told = performance.now();
  return (text) => {
    if (text === "" || performance.now() - told < rarelyMs) return;
    told = performance.now();
    process.stderr.write(`${text}\n`);
  };
}
