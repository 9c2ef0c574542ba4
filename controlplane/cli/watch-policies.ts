import { type FSWatcher, watch } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, resolve, sep } from "node:path";
import { WireError } from "../error/wire-error.ts";
import type { Source } from "../language/source.ts";
import { readSources } from "./read-sources.ts";

/** Editors write a file in several steps; what is read this long after the last one is whole. */
const quietMs = 30;
/** What makes no event is seen all the same: the target of a link, a file on a network. */
const pollMs = 2_000;
/** A file that is gone may be one that is being replaced; so long it has to come back. */
const absentMs = 300;

export interface WatchPolicies {
  /** What the command line names: files, and folders with all that is below. The interfaces that are imported are followed too. */
  readonly paths: readonly string[];
  /** The policies as they were read last. */
  readonly initial: readonly Source[];
  /** Called with all policies when one has changed, come or gone. Calls do not overlap; changes during one make one more. */
  changed(sources: readonly Source[]): Promise<void>;
  /** Called when the policies cannot be read, or none is left. */
  unreadable(why: string): void;
}

export interface WatchedPolicies {
  /** Take the next save for a change even if the text is what it was: what was made of it did not last. */
  retry(): void;
  stop(): Promise<void>;
}

/** Follow the policies on disk. */
export async function watchPolicies(options: WatchPolicies): Promise<WatchedPolicies> {
  let known = fingerprint(options.initial);
  /** Said once for each reason, however often we look. */
  let trouble = "";
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  /** The next event counts as a change whatever it brings. */
  let retrying = false;

  const schedule = (afterMs: number, cause: "event" | "poll" | "absent"): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = undefined;
      running = running.then(() => (stopped ? undefined : look(cause)));
    }, afterMs);
  };

  async function look(cause: "event" | "poll" | "absent"): Promise<void> {
    const read = await tryRead(options.paths);
    if (typeof read === "string") {
      if (read === trouble) return;
      if (cause !== "absent") return schedule(absentMs, "absent");
      trouble = read;
      options.unreadable(read);
      return;
    }
    trouble = "";
    const seen = fingerprint(read);
    if (seen === known && !(retrying && cause === "event")) return;
    known = seen;
    retrying = false;
    await options.changed(read);
  }

  const watchers = await Promise.all(
    [...options.paths, ...elsewhere(options)].map((path) => watchOne(path, () => schedule(quietMs, "event"))),
  );
  // Not before its time when a save is being waited for to be whole.
  const poll = setInterval(() => timer ?? schedule(0, "poll"), pollMs);
  return {
    retry() {
      retrying = true;
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      clearInterval(poll);
      for (const watcher of watchers) watcher.close();
      await running;
    },
  };
}

/** Interfaces that are imported from other folders. One that is only imported later makes no event. */
function elsewhere({ paths, initial }: WatchPolicies): readonly string[] {
  const isWatched = (file: string): boolean =>
    paths.some((path) => {
      const whole = resolve(path);
      return dirname(file) === dirname(whole) || file.startsWith(`${whole}${sep}`);
    });
  return initial.map(({ path }) => path).filter((path) => !isWatched(resolve(path)));
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
