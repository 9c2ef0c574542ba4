import { type StatsListener, unwatchFile, watchFile } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Source } from "../language/source.ts";

const pollMs = 1_000;

/** Say once that the mesh file is no longer what it was: who listens where follows from it, so it is not taken while proxies run. */
export function watchMesh(mesh: Source, progress: (line: string) => void): Disposable {
  const look: StatsListener = () => {
    readFile(mesh.path, "utf8").then(
      (text) => {
        if (text === mesh.text || stopped) return;
        stop();
        progress(
          `wire: ${mesh.path} has changed: a mesh is taken at a start only, and what was in force goes on`,
        );
      },
      // A file that is gone may be one that is being replaced.
      () => undefined,
    );
  };
  let stopped = false;
  const stop = (): void => {
    stopped = true;
    unwatchFile(mesh.path, look);
  };
  watchFile(mesh.path, { interval: pollMs, persistent: false }, look);
  return { [Symbol.dispose]: stop };
}
