import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { checkPolicies } from "../language/check-policies.ts";
import { makeFolder } from "../rollout/make-folder.ts";
import type { ExitCode } from "./main.ts";
import { createOutput } from "./report.ts";
import { type Form, skeleton } from "./skeleton.ts";
import { isMade, writing } from "./write-file.ts";

/** `wire new`: a folder with a policy, its test and its README, as a beginning. What is there already stays as it is. */
export async function newPolicy(
  [form, name = ""]: readonly string[],
  options: { readonly dir: string; readonly json?: boolean },
): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const folder = join(options.dir, name);
  const files = skeleton({ form: form as Form, name, toolkit: wayToToolkit(folder) });
  const refuse = (message: string): ExitCode => {
    if (output.json) output.print(JSON.stringify({ files: [], error: message }));
    output.progress(`wire: ${message}`);
    return 1;
  };
  if (!isPolicyName(name, files)) {
    return refuse(
      `a policy cannot be called \`${name}\`: a name begins with a letter and has letters, digits, \`_\` and \`-\`, 100 at most`,
    );
  }
  if (!(await makeNew(folder)))
    return refuse(`${folder} exists already: choose another name, or another folder with --dir`);
  const paths = files.map((file) => join(folder, file.path));
  for (const file of files) {
    await writing(folder, () => writeFile(join(folder, file.path), file.text, { flag: "wx" }));
  }
  output.print(output.json ? JSON.stringify({ files: paths }) : paths.join("\n"));
  return 0;
}

/** One rule for both forms. The skeleton itself is right, so what the checker has against it is the name. */
function isPolicyName(name: string, [first]: ReturnType<typeof skeleton>): boolean {
  if (first === undefined || name.length > 100 || !/^[A-Za-z_][A-Za-z0-9_]*(?:-+[A-Za-z0-9_]+)*$/.test(name))
    return false;
  return checkPolicies([{ ...first, path: join(name, first.path) }]).diagnostics.length === 0;
}

/** Make a folder and those that it is in; false when it is there already. */
async function makeNew(folder: string): Promise<boolean> {
  await writing(folder, () => makeFolder(dirname(resolve(folder))));
  return writing(folder, () => isMade(mkdir(folder)));
}

function wayToToolkit(folder: string): string {
  const root = resolve(import.meta.dirname, "../..");
  const way = relative(resolve(folder), root).replaceAll("\\", "/");
  return way.startsWith("..") ? way : `./${way}`;
}
