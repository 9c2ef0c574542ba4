import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ExtensionPackage, vsix } from "./vsix.ts";

const folder = import.meta.dirname;
const target = "dist/wire-copper.vsix";
const extension: ExtensionPackage & { readonly files: readonly string[] } = JSON.parse(
  readFileSync(join(folder, "package.json"), "utf8"),
);

/** What the package names, folders with all that is in them; never the archive itself. */
const paths = ["package.json", ...extension.files]
  .flatMap((path) =>
    path.includes(".") ? [path] : readdirSync(join(folder, path)).map((name) => `${path}/${name}`),
  )
  .filter((path) => !path.endsWith(".vsix"));
const archive = vsix(
  extension,
  Object.fromEntries(paths.map((path) => [path, readFileSync(join(folder, path))])),
);
writeFileSync(join(folder, target), archive);
console.log(`${target}: ${paths.length} files, ${Math.ceil(archive.length / 1024)} KB`);
