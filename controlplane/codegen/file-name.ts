import { plain } from "./literals.ts";

/** The file's own name: equal policies generate equal code, however the path to them is written. */
export function fileName(path: string): string {
  return plain(path.split(/[/\\]/).pop() ?? "");
}
