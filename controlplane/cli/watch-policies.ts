import { type FSWatcher, watch } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { WireError } from "../error/wire-error.ts";
import type { Source } from "../language/source.ts";
import { readSources } from "./read-sources.ts";

/** Editors write a file in several steps; what is read this long after the last one is whole. */
const quietMs = 30;
/** A file that is gone may be one that is being replaced; so long it has to come back. */
const absentMs = 300;

export interface WatchPolicies {
  /** What the command line names: files, and folders with all that is below. */
  readonly paths: readonly string[];
  /** The policies as they were read last. */
  readonly initial: readonly Source[];
  /** Called with all policies when one has changed, come or gone. Calls do not overlap; changes during one make one more. */
  changed(sources: readonly Source[]): Promise<void>;
  /** Called when the policies cannot be read, or none is left. */
  unreadable(why: string): void;
}

/** Follow the policies on disk. */
export async function watchPolicies(options: WatchPolicies): Promise<{ stop(): Promise<void> }> {
  let known = fingerprint(options.initial);
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;

  const schedule = (afterMs: number, patient: boolean): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      running = running.then(() => (stopped ? undefined : look(patient)));
    }, afterMs);
  };

  async function look(patient: boolean): Promise<void> {
    const read = await tryRead(options.paths);
    if (typeof read === "string") {
      if (patient) schedule(absentMs, false);
      else options.unreadable(read);
      return;
    }
    const seen = fingerprint(read);
    if (seen === known) return;
    known = seen;
    await options.changed(read);
  }

  const watchers = await Promise.all(
    options.paths.map((path) => watchOne(path, () => schedule(quietMs, true))),
  );
  // What was saved between the first reading and now made no event.
  schedule(0, true);
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
      await running;
    },
  };
}

/** A file is watched through its folder, because editors replace files. */
async function watchOne(path: string, changed: () => void): Promise<FSWatcher> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const watcher = isFolder ? watch(path, { recursive: true }, changed) : watch(dirname(path), changed);
  // A folder that was removed: the next look says so.
  watcher.on("error", changed);
  return watcher;
}

async function tryRead(paths: readonly string[]): Promise<readonly Source[] | string> {
  try {
    const sources = await readSources(paths);
    return sources.length > 0 ? sources : `no policy is left in ${paths.join(", ")}`;
  } catch (error) {
    if (error instanceof WireError) return error.message;
    throw error;
  }
}

function fingerprint(sources: readonly Source[]): string {
  return JSON.stringify(sources.map((source) => [source.path, source.text]));
}
