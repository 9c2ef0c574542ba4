import { appendFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type * as z from "zod/mini";
import { WireError } from "../error/wire-error.ts";
import { readLines } from "../eval/read-lines.ts";
import { type Result, runResult } from "../eval/results.ts";
import { type PlacementRecord, placementRecord } from "../eval/traces/placement-record.ts";
import { counted } from "./counted.ts";
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
    const before = await textOf(file);
    // Half a line, of a full disk or of a program that was killed, would take this one with it.
    const end = before === "" || before.endsWith("\n") ? "" : "\n";
    await appendFile(file, `${end}${JSON.stringify(result)}\n`);
  });
}

/** The results of a folder; none where it has none. */
export function loadResults(folder: string, progress: (line: string) => void): Promise<readonly Result[]> {
  return loadLines(resultsFile(folder), runResult, progress);
}

/** Where a folder has what was placed. */
export function placementsFile(folder: string): string {
  return join(folder, "placements.jsonl");
}

export function loadPlacements(
  folder: string,
  progress: (line: string) => void,
): Promise<readonly PlacementRecord[]> {
  return loadLines(placementsFile(folder), placementRecord, progress);
}

async function loadLines<Line>(
  file: string,
  schema: z.ZodMiniType<Line>,
  progress: (line: string) => void,
): Promise<readonly Line[]> {
  const { lines, unread } = readLines(await textOf(file), schema);
  if (unread.length > 0)
    progress(
      `${file}: ${counted(unread.length, "line")} cannot be read, the first of them line ${unread[0]}`,
    );
  return lines;
}

/** Nothing where it is not there. */
function textOf(file: string): Promise<string> {
  return readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return "";
    throw new WireError("file", `cannot read ${file}: ${cause.message}`, { cause });
  });
}
