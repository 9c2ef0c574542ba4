import { createHash } from "node:crypto";
import { open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { WireError } from "../error/wire-error.ts";
import type { Build, Input } from "../pipeline/build.ts";
import type { PathsInUse, PathTables, Stamping } from "../placement/path-tables.ts";
import type { Placement } from "../placement/placement.ts";
import { type Layout, layoutOf } from "../xds/laid-chain.ts";
import { format, readKept, stateSchema } from "./kept-schemas.ts";
import { makeFolder } from "./make-folder.ts";
import { replaceFile } from "./replace-file.ts";
import type { Rollout } from "./rollout.ts";

/** A build, without what follows from it. */
export interface Kept {
  readonly input: Input;
  readonly placement: Placement;
  /** What proxies know of paths; absent where that is nothing. */
  readonly paths?: KeptPaths;
  /** How the chains stand in the proxies, which depends on what was there before. */
  readonly layout: readonly Layout[];
}

/** The rollout that was last begun; one that has ended is a rollout from its build to the same. Everything else follows from it. */
export interface State extends Pick<Rollout, "stage" | "followers" | "off" | "left" | "wave" | "isReturn"> {
  readonly from?: Kept;
  readonly to: Kept;
  readonly goal?: Kept;
  /** Addresses by which services are still known, by service. */
  readonly former: Readonly<Record<string, readonly string[]>>;
}

/** What has to be kept of a rollout. */
export function stateOf({ from, to, goal, former, ...rest }: Rollout): State {
  return {
    ...(from === undefined ? {} : { from: keptOf(from) }),
    ...(goal === undefined ? {} : { goal: keptOf(goal) }),
    ...{ to: keptOf(to), ...rest, former: Object.fromEntries(former) },
  };
}

function keptOf({ input, placement, paths, chains }: Build): Kept {
  return {
    input,
    placement,
    ...(paths.known.length === 0 ? {} : { paths: keptPaths(paths) }),
    layout: chains.map(layoutOf),
  };
}

/** The same with steps as JSON has them. */
export type KeptPaths = Omit<PathsInUse, "known"> & {
  readonly known: readonly (Omit<PathTables, "stamps"> & {
    readonly stamps: readonly (Omit<Stamping, "steps"> & {
      readonly steps: readonly (readonly [from: string, to: string])[];
    })[];
  })[];
};

function keptPaths({ known, ...paths }: PathsInUse): KeptPaths {
  return {
    ...paths,
    known: known.map(({ stamps, ...tables }) => ({
      ...tables,
      stamps: stamps.map(({ steps, ...stamping }) => ({ ...stamping, steps: [...steps] })),
    })),
  };
}

export function pathsKept({ known, ...paths }: KeptPaths): PathsInUse {
  return {
    ...paths,
    known: known.map(({ stamps, ...tables }) => ({
      ...tables,
      stamps: stamps.map(({ steps, ...stamping }) => ({ ...stamping, steps: new Map(steps) })),
    })),
  };
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
  const read = readKept(stateSchema, text);
  if ("fault" in read)
    throw new WireError("state", `${path} is not a state file (${read.fault}); remove it to start afresh`);
  return read.value;
}

/** Rejects where the state cannot be kept, before there is any. */
export async function checkWritable(path: string): Promise<void> {
  await writing(path, async () => {
    await (await open(`${path}.new`, "a")).close();
    await rm(`${path}.new`);
  });
}

export async function writeState(path: string, state: State): Promise<void> {
  await writing(path, () => replaceFile(path, JSON.stringify({ format, ...state })));
}

/**
 * Writes one state after the other. Rejects where the file is not the one that it wrote last: that is of another control plane, which has taken
 * over, and two that write in turn would each go on from what the other did.
 */
export function stateWriter(path: string): (state: State) => Promise<void> {
  let last: string | undefined;
  return async (state) => {
    const found = await hashOf(path);
    if (last !== undefined && found !== undefined && found !== last)
      throw new WireError(
        "state",
        `another control plane has written ${path}: a mesh has one, so end one of the two; if it was put back by hand, start again`,
      );
    await writeState(path, state);
    last = await hashOf(path);
  };
}

/** A hash of what is in the file; undefined where there is none, or it cannot be read. */
async function hashOf(path: string): Promise<string | undefined> {
  const text = await readFile(path).catch(() => undefined);
  return text && createHash("sha256").update(text).digest("hex");
}

async function writing(path: string, act: () => Promise<void>): Promise<void> {
  try {
    await makeFolder(dirname(path));
    await act();
  } catch (cause) {
    throw new WireError("state", `cannot write ${path}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}
