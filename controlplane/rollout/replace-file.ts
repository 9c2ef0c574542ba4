import { rename, writeFile } from "node:fs/promises";

/** Replace a file at once, so that a crash leaves the old one or the new one, and whoever follows it never reads half of it. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}
