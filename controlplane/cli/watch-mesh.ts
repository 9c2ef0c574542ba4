import { unwatchFile, watchFile } from "node:fs";
import { readFile } from "node:fs/promises";
import { hasErrors } from "../language/diagnostic.ts";
import type { Source } from "../language/source.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import { isSamePlace } from "../mesh/is-same-place.ts";
import type { Mesh } from "../mesh/mesh.ts";

const pollMs = 1_000;

export interface WatchMesh {
  /** The mesh as it was read last. */
  readonly mesh: Source;
  /** The file that its text is in; by default that of its path. */
  readonly file?: string;
  /** The text of the file as it was read last, where that was not taken and has been told of. */
  readonly seen?: string;
  /** Names of the data planes that policies declare. */
  dataplanes?(): readonly string[];
  /** What another mesh wants that is not there, in words: `an endpoint that was not there`; by default nothing. */
  lacks?(mesh: Mesh): string | undefined;
  /** Called with a mesh of other endpoints or rates, where that can be taken while proxies run. */
  taken(mesh: Source): void;
  progress(line: string): void;
}

/**
 * Follow the mesh file. Who listens where follows from it, so that of a mesh that runs only endpoints and rates can change; that anything else
 * has is said once.
 */
export function watchMesh({
  mesh,
  file = mesh.path,
  seen,
  dataplanes,
  lacks,
  taken,
  progress,
}: WatchMesh): Disposable {
  let known = mesh;
  let told = seen;
  let stopped = false;
  const take = (text: string): void => {
    if (text === known.text || text === told || stopped) return;
    const [before, after] = [known, { ...mesh, text }].map((source) => fromYaml(source, dataplanes?.()));
    const isSame =
      before?.mesh !== undefined &&
      after?.mesh !== undefined &&
      !hasErrors(after.diagnostics) &&
      isSamePlace(before.mesh, after.mesh);
    const lacking = isSame && after?.mesh !== undefined ? lacks?.(after.mesh) : undefined;
    if (isSame && lacking === undefined) {
      known = { ...mesh, text };
      told = undefined;
      taken(known);
      return;
    }
    told = text;
    progress(
      `wire: ${mesh.path} has changed: ${lacking ?? "more of a mesh than endpoints and rates"} is taken at a start only, and what was in force goes on`,
    );
  };
  const look = (): void => {
    // A file that is gone may be one that is being replaced.
    readFile(file, "utf8").then(take, () => undefined);
  };
  watchFile(file, { interval: pollMs, persistent: false }, look);
  // What was read may be older: in between, policies were compiled.
  look();
  return {
    [Symbol.dispose]: () => {
      stopped = true;
      unwatchFile(file, look);
    },
  };
}
