import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** `mkdir -p`. Node's own recursive one never returns where the folder above is there and takes no folder, as in `/proc`. */
export async function makeFolder(path: string): Promise<void> {
  if (await hasMade(path)) return;
  const parent = dirname(path);
  if (!(await isFolder(parent))) await makeFolder(parent);
  // Somebody else may have made the folder above meanwhile. Where it was there before, this says what is wrong.
  if (!(await hasMade(path))) await mkdir(path);
}

/** Whether the folder is there now; false when one above it is missing. */
async function hasMade(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EEXIST" && (await isFolder(path))) return true;
    if (code === "ENOENT") return false;
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
