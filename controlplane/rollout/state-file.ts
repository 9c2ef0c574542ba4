import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { WireError } from "../error/wire-error.ts";
import type { Input } from "../pipeline/build.ts";
import type { Placement } from "../placement/placement.ts";

/** What was last rolled out. Everything else is a pure function of it. */
export interface State {
  readonly input: Input;
  readonly placement: Placement;
}

/** Undefined when there is none yet. */
export async function readState(path: string): Promise<State | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw new WireError("state", `cannot read ${path}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
  try {
    return JSON.parse(text) as State;
  } catch (cause) {
    throw new WireError("state", `${path} is not a state file; remove it to start afresh`, { cause });
  }
}

/** Replaces the file at once, so that a crash leaves the old state or the new one. */
export async function writeState(path: string, state: State): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, JSON.stringify(state));
  await rename(`${path}.new`, path);
}
