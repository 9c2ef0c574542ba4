import { type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";
import { WireError } from "../error/wire-error.ts";
import type { Source } from "../language/source.ts";
import { readSources } from "./read-sources.ts";

/** Editors write a file in several steps; what is read this long after the last one is whole. */
const quietMs = 30;

/**
 * Call back with all policies when the text of one has changed. Calls do not overlap; changes during one make one more.
 * Watches the folders that hold the policies, because editors replace files.
 */
export function watchPolicies(
  paths: readonly string[],
  initial: readonly Source[],
  changed: (sources: readonly Source[]) => Promise<void>,
): { stop(): Promise<void> } {
  let known = fingerprint(initial);
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    let sources: readonly Source[];
    try {
      sources = await readSources(paths);
    } catch (error) {
      // A file that is just being replaced is read at the next event.
      if (error instanceof WireError) return;
      throw error;
    }
    const seen = fingerprint(sources);
    if (seen === known || sources.length === 0) return;
    known = seen;
    await changed(sources);
  }

  const schedule = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      running = running.then(look);
    }, quietMs);
  };
  const folders = new Set([
    ...initial.map((source) => dirname(source.path)),
    ...paths.filter((path) => !/\.\w+$/.test(path)),
  ]);
  const watchers: readonly FSWatcher[] = [...folders].map((folder) => watch(folder, schedule));
  return {
    async stop() {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
      await running;
    },
  };
}

function fingerprint(sources: readonly Source[]): string {
  return JSON.stringify(sources.map((source) => [source.path, source.text]));
}
