import type { Diagnostic } from "./diagnostic.ts";
import { print } from "./doc.ts";
import { createDocWriter } from "./doc-writer.ts";
import { firstErrors } from "./first-errors.ts";
import { copperDoc } from "./format-copper.ts";
import { interfaceDoc } from "./format-interface.ts";
import { lex } from "./lexer.ts";
import { notText } from "./not-text.ts";
import { parseInterface } from "./parse-interface.ts";
import { parse } from "./parser.ts";
import { reporterFor } from "./reporter.ts";
import type { Source } from "./source.ts";

/** As of all code here. */
const width = 110;

/**
 * Lay a file out as all policies are, or an interface where its name ends in `.cui`. The meaning stays, so do all comments, and what is
 * laid out already stays as it is. A file that cannot be read is given back as it was, with what is wrong.
 */
export function format(source: Source): {
  readonly text: string;
  readonly diagnostics: readonly Diagnostic[];
} {
  const isInterface = source.path.endsWith(".cui");
  // What is written back would lack the bytes that could not be read.
  const foreign = notText(source);
  if (foreign.length > 0) return { text: source.text, diagnostics: foreign };
  const { diagnostics } = isInterface ? parseInterface(source) : parse(source);
  if (diagnostics.length > 0) return { text: source.text, diagnostics: firstErrors(source, diagnostics) };
  const writer = createDocWriter(source.text, lex(reporterFor(source)));
  return { text: print(isInterface ? interfaceDoc(writer) : copperDoc(writer), width), diagnostics };
}
