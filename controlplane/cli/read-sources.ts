import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { WireError } from "../error/wire-error.ts";
import type { Source } from "../language/source.ts";

/** Policies are `.cup` files and `.ts` filter code; interfaces (`.cui`), tests and generated sources are not. */
function isPolicyFile(name: string): boolean {
  return name.endsWith(".cup") || (name.endsWith(".ts") && !/\.(test|d|as)\.ts$/.test(name));
}

/** Read the policies that the positionals name. A folder means all policies in it, below it too. */
export async function readSources(paths: readonly string[]): Promise<readonly Source[]> {
  const files = (await Promise.all(paths.map(policyFilesOf))).flat();
  return Promise.all([...new Set(files)].map(readSource));
}

export async function readSource(path: string): Promise<Source> {
  try {
    return { path, text: await readFile(path, "utf8") };
  } catch (cause) {
    throw new WireError("file", `cannot read ${path}: ${reasonOf(cause)}`, { cause });
  }
}

async function policyFilesOf(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new WireError("file", `cannot read ${path}: ${reasonOf(cause)}`, { cause });
  });
  if (!found.isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  const below = await Promise.all(
    entries
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      // A package below (the SDK) holds code, not policies.
      .filter(
        (entry) =>
          entry.name !== "node_modules" && entry.name !== "proxy-wasm-as" && !entry.name.startsWith("."),
      )
      .map(async (entry) => {
        if (entry.isDirectory()) return policyFilesOf(join(path, entry.name));
        return isPolicyFile(entry.name) ? [join(path, entry.name)] : [];
      }),
  );
  return below.flat();
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOENT") return "no such file or folder";
  if (code === "EACCES") return "permission denied";
  if (code === "EISDIR") return "it is a folder";
  return cause instanceof Error ? cause.message : String(cause);
}
