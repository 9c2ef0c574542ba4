import { type FileHandle, open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Replace a file at once, so that a crash leaves the old one or the new one, and whoever follows it never reads half of it. It is on the disk
 * before it has its name, and its name is when this resolves: else it could be empty when the power has been cut.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  await using file = await open(`${path}.new`, "w");
  await file.writeFile(text);
  await file.sync();
  await rename(`${path}.new`, path);
  await syncFolder(dirname(path));
}

async function syncFolder(path: string): Promise<void> {
  let folder: FileHandle;
  try {
    folder = await open(path, "r");
  } catch {
    // Where a folder cannot be opened, as on Windows, it cannot be synced either.
    return;
  }
  await folder.sync().finally(() => folder.close());
}
