import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { WireError } from "../error/wire-error.ts";
import type { Build, Input } from "../pipeline/build.ts";
import type { Placement } from "../placement/placement.ts";
import type { Rollout } from "./control-plane.ts";

/** A build, without what follows from it. */
export interface Kept {
  readonly input: Input;
  readonly placement: Placement;
}

/** The rollout that was last begun; one that has ended is a rollout from its build to the same. Everything else follows from it. */
export interface State {
  readonly from?: Kept;
  readonly to: Kept;
  readonly stage: number;
}

/** What has to be kept of a rollout. */
export function stateOf({ from, to, stage }: Rollout): State {
  return { ...(from === undefined ? {} : { from: keptOf(from) }), to: keptOf(to), stage };
}

function keptOf({ input, placement }: Build): Kept {
  return { input, placement };
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
