import { readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { readFilterModule } from "./read-filter-module.ts";

/** Files by their names as the filter's folder has them; the filter is `filter.ts`. */
export interface FilterFiles {
  readonly files: Readonly<Record<string, string>>;
  /** Where each was read. */
  readonly paths: ReadonlyMap<string, string>;
}

/**
 * A filter and what it imports from its folder and those below. Only the filter has to be there: of an import that leads to no file, or out of
 * the folder, the compiler says so at its line.
 */
export function readFilterFiles(path: string): FilterFiles {
  const files: Record<string, string> = { "filter.ts": readFileSync(path, "utf8") };
  const paths = new Map([["filter.ts", path]]);
  const left = ["filter.ts"];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    for (const said of importsIn(files[name] ?? "")) {
      if (!/^\.\.?\//.test(said)) continue;
      const module = posix.join(posix.dirname(name), said).replace(/\.ts$/, "");
      if (module.startsWith("../")) continue;
      for (const file of [`${module}.ts`, `${module}/index.ts`]) {
        if (paths.has(file)) break;
        const place = join(dirname(path), file);
        const text = textOf(place);
        if (text === undefined) continue;
        files[file] = text;
        paths.set(file, place);
        left.push(file);
        break;
      }
    }
  }
  return { files, paths };
}

/** None where the parser gives up, which the build says. */
function importsIn(text: string): readonly string[] {
  try {
    return readFilterModule(text).imports;
  } catch {
    return [];
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
