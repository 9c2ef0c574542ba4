import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Input } from "../controlplane/pipeline/build.ts";

const corpus = join(import.meta.dirname, "policies");

/** One folder of the golden corpus: what is built, and where its other files are. */
export interface Case {
  readonly input: Input;
  path(name: string): string;
}

export function readCase(folder: string): Case {
  const path = (name: string): string => join(corpus, folder, name);
  const source = (name: string) => ({ path: `${folder}/${name}`, text: readFileSync(path(name), "utf8") });
  const names = readdirSync(join(corpus, folder)).sort();
  const policies = names.filter((name) => /\.(cup|cui|ts)$/.test(name) && !name.endsWith(".as.ts"));
  return { input: { policies: policies.map(source), mesh: source("mesh.yaml") }, path };
}
