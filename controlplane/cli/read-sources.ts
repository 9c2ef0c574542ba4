import { stat } from "node:fs/promises";
import { CommanderError } from "commander";
import { isParameterFile } from "../language/parameter-files.ts";
import type { Source } from "../language/source.ts";
import { readFiles } from "./read-files.ts";
import { isInterface, readInterfaces } from "./read-interfaces.ts";

/** Policies are `.cup` files and `.ts` filter code; tests and generated sources are not. */
function isPolicyFile(name: string): boolean {
  return name.endsWith(".cup") || (name.endsWith(".ts") && !/\.(test|spec|d|as)\.ts$/.test(name));
}

/**
 * Read the policies that the positionals name, with a file of parameters among them, and after them their interfaces. Where there is no policy no interface is looked for, but
 * for those that are named themselves.
 */
export async function readSources(paths: readonly string[]): Promise<readonly Source[]> {
  const files = await readFiles(paths, isPolicyFile);
  const named = files.filter((source) => !isInterface(source.path));
  const policies = named.filter((source) => !isParameterFile(source));
  const isFolder = await Promise.all(paths.map(async (path) => (await stat(path)).isDirectory()));
  const wanted = paths.filter((path, index) => isInterface(path) || (isFolder[index] && policies.length > 0));
  return [...(policies.length > 0 ? named : []), ...(await readInterfaces(wanted, policies))];
}

/** What is read, and followed, for these positionals: a file of parameters is a part of the policies. */
export function withParams(paths: readonly string[], params: string | undefined): readonly string[] {
  const data = paths.find((path) => isParameterFile({ path }));
  if (data !== undefined) {
    const message = `error: \`${data}\` is not a policy: give a mesh with \`--mesh ${data}\`, and values of parameters with \`--params ${data}\``;
    throw new CommanderError(2, "wire.policies", message);
  }
  return params === undefined ? paths : [...paths, params];
}
