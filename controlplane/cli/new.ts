import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { WireError } from "../error/wire-error.ts";
import { checkPolicies } from "../language/check-policies.ts";
import type { Diagnostic } from "../language/diagnostic.ts";
import { makeFolder } from "../rollout/make-folder.ts";
import type { ExitCode } from "./main.ts";
import { createOutput, diagnosticsJson, reportDiagnostics } from "./report.ts";
import { type Form, skeleton } from "./skeleton.ts";

/** `wire new`: a folder with a policy, its test and its README, as a beginning. What is there already stays as it is. */
export async function newPolicy(
  [form, name = ""]: readonly string[],
  options: { readonly dir: string; readonly json?: boolean },
): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const folder = join(options.dir, name);
  const files = skeleton({ form: form as Form, name, toolkit: wayToToolkit(folder) });
  const diagnostics = nameProblems(
    files.slice(0, 1).map((file) => ({ ...file, path: join(name, file.path) })),
  );
  if (diagnostics.length > 0) {
    if (output.json) output.print(diagnosticsJson(diagnostics));
    else reportDiagnostics(output, diagnostics);
    return 1;
  }
  if (!(await makeNew(folder))) {
    const message = `${folder} exists already: choose another name, or another folder with --dir`;
    if (output.json) output.print(JSON.stringify({ files: [], error: message }));
    output.progress(`wire: ${message}`);
    return 1;
  }
  const paths = files.map((file) => join(folder, file.path));
  for (const file of files) {
    await onDisk(folder, () => writeFile(join(folder, file.path), file.text, { flag: "wx" }));
  }
  output.print(output.json ? JSON.stringify({ files: paths }) : paths.join("\n"));
  return 0;
}

/** The skeleton itself is right, so what is wrong with it is the name. */
function nameProblems(sources: Parameters<typeof checkPolicies>[0]): readonly Diagnostic[] {
  return checkPolicies(sources).diagnostics;
}

/** Make a folder and those that it is in; false when it is there already. */
async function makeNew(folder: string): Promise<boolean> {
  await onDisk(folder, () => makeFolder(dirname(resolve(folder))));
  return onDisk(folder, () =>
    mkdir(folder).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
        throw error;
      },
    ),
  );
}

function wayToToolkit(folder: string): string {
  const root = resolve(import.meta.dirname, "../..");
  const way = relative(resolve(folder), root).replaceAll("\\", "/");
  return way.startsWith("..") ? way : `./${way}`;
}

async function onDisk<Value>(path: string, act: () => Promise<Value>): Promise<Value> {
  try {
    return await act();
  } catch (cause) {
    throw new WireError("file", `cannot write ${path}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}
