import { appendFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { WireError } from "../error/wire-error.ts";
import { type Result, readResults } from "../eval/results.ts";
import { writing } from "./write-file.ts";

/** Where the results of a folder are. */
export function resultsFile(folder: string): string {
  return join(folder, "runs.jsonl");
}

/** Add a line to the results of a folder, which is made where it is not there. */
export async function appendResult(folder: string, result: Result): Promise<void> {
  const file = resultsFile(folder);
  await writing(file, async () => {
    await mkdir(folder, { recursive: true });
    await appendFile(file, `${JSON.stringify(result)}\n`);
  });
}

/** The results of a folder; none where it has none. */
export async function loadResults(
  folder: string,
  progress: (line: string) => void,
): Promise<readonly Result[]> {
  const file = resultsFile(folder);
  const text = await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return "";
    throw new WireError("file", `cannot read ${file}: ${cause.message}`, { cause });
  });
  const { results, unread } = readResults(text);
  if (unread.length > 0)
    progress(`${file}: ${unread.length} lines are no results, the first of them ${unread[0]}`);
  return results;
}
