import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { WireError } from "../error/wire-error.ts";
import type { Source } from "../language/source.ts";

/** A package inside a folder (the SDK) holds code, not policies. */
function isSkipped(name: string): boolean {
  return name === "node_modules" || name === "proxy-wasm-as" || name.startsWith(".");
}

/**
 * Read files. Of a folder those whose names are `wanted`, by default below it too. A file that is named twice counts once.
 */
export async function readFiles(
  paths: readonly string[],
  wanted: (name: string) => boolean,
  { below = true }: { readonly below?: boolean } = {},
): Promise<readonly Source[]> {
  const files = new Map<string, string>();
  for (const path of (await Promise.all(paths.map((given) => filesOf(given, wanted, below)))).flat()) {
    const real = await onDisk(path, (file) => realpath(file, "utf8"));
    if (!files.has(real)) files.set(real, path);
  }
  return Promise.all([...files.values()].map(readSource));
}

/** Read one file of the user's. */
export async function readSource(path: string): Promise<Source> {
  // A pipe or a device would keep us waiting.
  if (!(await onDisk(path, stat)).isFile())
    throw new WireError("file", `cannot read ${path}: it is not a file`);
  return { path, text: await onDisk(path, (file) => readFile(file, "utf8")) };
}

async function filesOf(
  path: string,
  wanted: (name: string) => boolean,
  below: boolean,
): Promise<readonly string[]> {
  if (!(await onDisk(path, stat)).isDirectory()) return [path];
  const names = (await onDisk(path, (folder) => readdir(folder, "utf8")))
    .filter((name) => !isSkipped(name))
    .sort();
  const found = await Promise.all(
    names.map(async (name) => {
      const entry = join(path, name);
      if (wanted(name)) return [entry];
      if (!below) return [];
      // What is neither is nothing to us, also where it cannot be looked at.
      const isFolder = await stat(entry).then(
        (found) => found.isDirectory(),
        () => false,
      );
      return isFolder ? filesOf(entry, wanted, below) : [];
    }),
  );
  return found.flat();
}

async function onDisk<Value>(path: string, act: (path: string) => Promise<Value>): Promise<Value> {
  try {
    return await act(path);
  } catch (cause) {
    throw new WireError("file", `cannot read ${path}: ${reasonOf(cause)}`, { cause });
  }
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOENT") return "no such file or folder";
  if (code === "EACCES") return "permission denied";
  if (code === "EISDIR") return "it is a folder";
  return cause instanceof Error ? cause.message : String(cause);
}
