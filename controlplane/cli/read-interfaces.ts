import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { importPath } from "../language/import-path.ts";
import { mayDeclareDataplane } from "../language/may-declare-dataplane.ts";
import { isParameterFile } from "../language/parameter-files.ts";
import { parseInterface } from "../language/parse-interface.ts";
import { parse } from "../language/parser.ts";
import type { Source } from "../language/source.ts";
import { readFiles } from "./read-files.ts";

/** Interfaces are `.cui` files. */
export function isInterface(path: string): boolean {
  return path.endsWith(".cui");
}

/**
 * The interfaces in these folders and below, the data planes beside the policies, and what any of them imports. Another one that only lies
 * beside a policy has no say in it, right or wrong.
 */
export async function readInterfaces(
  folders: readonly string[],
  policies: readonly Source[],
): Promise<readonly Source[]> {
  const beside = policies.map(({ path }) => dirname(path));
  const found = new Map<string, Source>();
  let next: readonly Source[] = [
    ...(await readFiles(folders, isInterface)),
    ...(await readFiles(beside, isInterface, { below: false })).filter(mayDeclareDataplane),
    ...(await readImports(policies)),
  ];
  while (next.length > 0) {
    const fresh = next.filter(({ path }) => !found.has(resolve(path)));
    for (const source of fresh) found.set(resolve(source.path), source);
    next = await readImports(fresh);
  }
  return [...found.values()];
}

/** What is not there is the language's to say. */
async function readImports(sources: readonly Source[]): Promise<readonly Source[]> {
  const paths = sources.flatMap((source) => {
    if (source.path.endsWith(".ts") || isParameterFile(source)) return [];
    const { imports } = isInterface(source.path) ? parseInterface(source) : parse(source);
    return imports.map(({ path }) => importPath(source.path, path));
  });
  const isThere = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        (file) => file.isFile(),
        () => false,
      ),
    ),
  );
  return readFiles(
    paths.filter((_, index) => isThere[index]),
    isInterface,
  );
}
