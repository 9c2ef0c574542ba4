import type { Diagnostic } from "./diagnostic.ts";
import { reporterFor } from "./reporter.ts";
import type { Source } from "./source.ts";

/** What bytes that are not UTF-8 are read as, and what no text has in it. */
const foreign = /[\0\uFFFD]/;

/** Says so of a file that is not text; nothing else can be said about one. */
export function notText(source: Source): readonly Diagnostic[] {
  const at = source.text.search(foreign);
  if (at < 0) return [];
  const reporter = reporterFor(source);
  reporter.report("SRC0101", { start: at, end: at + 1 }, "this is not text", {
    help: "save the file as UTF-8; if it is no policy, keep it elsewhere",
  });
  return reporter.diagnostics;
}
