import { readFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { MeshFile } from "../editor/workspace.ts";
import { declaredDataplanes } from "../language/check-imports.ts";
import { dataplaneNames } from "../language/offer.ts";
import type { Source } from "../language/source.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import { isInterface, readInterfaces } from "./read-interfaces.ts";
import { readSources } from "./read-sources.ts";

const meshNames = ["mesh.yaml", "mesh.yml", "mesh.json"];

/** The files of an editor: those that are open as they are there, the others as they are on disk. */
export interface EditorFiles {
  /** The mesh that a policy is for: the one that the editor names, or a `mesh.yaml` beside the policy or in a folder above. */
  meshFor(path: string, interfaces: readonly Source[]): Promise<MeshFile | undefined>;
  /** The interfaces beside a document and those that it imports; of a mesh file all in the folders that are open. */
  interfacesFor(source: Source): Promise<readonly Source[]>;
  /** All policies that are for the same mesh. */
  policiesBeside(path: string, mesh: MeshFile | undefined): Promise<readonly Source[]>;
}

export interface EditorFilesOptions {
  /** Folders that are open; nothing is looked for above them. */
  readonly folders: readonly string[];
  /** The mesh file that the editor names, in the first of the folders when it is relative. */
  readonly mesh?: string;
  /** The text of a file that is open. */
  openText(path: string): string | undefined;
}

export function editorFiles({ folders, mesh, openText }: EditorFilesOptions): EditorFiles {
  const textOf = async (path: string): Promise<string | undefined> =>
    openText(path) ?? readFile(path, "utf8").catch(() => undefined);
  const find = async (path: string): Promise<Source | undefined> => {
    for (const candidate of mesh === undefined
      ? candidates(path, folders)
      : [resolve(folders[0] ?? ".", mesh)]) {
      const text = await textOf(candidate);
      if (text !== undefined) return { path: candidate, text };
    }
    return undefined;
  };
  return {
    async meshFor(path, interfaces) {
      const source = await find(path);
      return source && { source, ...meshOf(source, interfaces) };
    },
    async interfacesFor(source) {
      const isMesh = !/\.(cup|cui|ts)$/.test(source.path);
      // A folder that is gone, or an import that cannot be read, is for the command line to say.
      const found = await readInterfaces(isMesh ? folders : [], [source]).catch(() => []);
      return found.map((each) => ({ ...each, text: openText(each.path) ?? each.text }));
    },
    async policiesBeside(path, meshFile) {
      const sources = await readSources(folders.length > 0 ? folders : [dirname(path)]);
      const all = sources.map((source) => ({ ...source, text: openText(source.path) ?? source.text }));
      const policies = all.filter(({ path }) => !isInterface(path));
      const meshes = await Promise.all(policies.map((source) => find(source.path)));
      return policies.filter((_, index) => meshes[index]?.path === meshFile?.source.path);
    },
  };
}

function meshOf(source: Source, interfaces: readonly Source[]): Pick<MeshFile, "mesh"> {
  const { mesh } = fromYaml(source, dataplaneNames(declaredDataplanes(interfaces)));
  return mesh === undefined ? {} : { mesh };
}

/** Where a mesh file may be: beside the policy, then above it, up to the folder that is open. */
function candidates(path: string, folders: readonly string[]): readonly string[] {
  const found: string[] = [];
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    found.push(...meshNames.map((name) => join(folder, name)));
    const isTop = !folders.some((top) => folder.startsWith(`${top}${sep}`));
    if (isTop || folder === dirname(folder)) return found;
  }
}

/** The path of a document; one that was never saved is called by its URI. */
export function pathOf(uri: string): string {
  try {
    return uri.startsWith("file:") ? fileURLToPath(uri) : uri;
  } catch {
    return uri;
  }
}

export function uriOf(path: string): string {
  return /^[a-z][a-z0-9+.-]+:/i.test(path) ? path : pathToFileURL(path).href;
}
