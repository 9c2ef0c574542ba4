import { lex, type Token } from "../language/lexer.ts";
import { reporterFor } from "../language/reporter.ts";
import type { Source, Span } from "../language/source.ts";
import { actionWords, amountWords, interfaceWords } from "./words.ts";
import { touches } from "./workspace.ts";

/** The word of an interface that a place is in, with what it says; undefined for names, and where there is none. */
export function interfaceWordAt(
  source: Source,
  offset: number,
): { readonly word: string; readonly documentation: string; readonly span: Span } | undefined {
  const tokens = lex(reporterFor(source));
  const at = tokens.findIndex(({ kind, span }) => kind === "name" && touches(span, offset));
  const token = tokens[at];
  // Behind these stands a name, whatever it is.
  if (token === undefined || /^(dataplane|act|state|type|action)$/.test(tokens[at - 1]?.value ?? ""))
    return undefined;
  const documentation = wordsAt(tokens, token.span.start).get(token.value);
  return documentation === undefined ? undefined : { word: token.value, documentation, span: token.span };
}

/** The words that may stand at a place of an interface; none in a comment, a string, or among parameters. */
export function interfaceWordsFor(source: Source, offset: number): ReadonlyMap<string, string> {
  const tokens = lex(reporterFor(source));
  const isInside = tokens.some(
    ({ kind, span, comments = [] }) =>
      comments.some((comment) => comment.span.start < offset && offset <= comment.span.end) ||
      (kind === "string" && span.start < offset && offset < span.end),
  );
  return isInside ? new Map() : wordsAt(tokens, offset);
}

function wordsAt(tokens: readonly Token[], offset: number): ReadonlyMap<string, string> {
  /** What the brackets around the place are of. */
  const open: ReadonlyMap<string, string>[] = [];
  for (const [index, { value, span, kind }] of tokens.entries()) {
    if (span.end > offset) break;
    if (kind === "separator") open.length = 0;
    else if (kind !== "symbol") continue;
    else if (value === "{") open.push(isOfCost(tokens, index) ? amountWords : actionWords);
    else if (value === "(" || value === "[") open.push(new Map());
    else if (/^[)\]}]$/.test(value)) open.pop();
  }
  return open.at(-1) ?? interfaceWords;
}

function isOfCost(tokens: readonly Token[], brace: number): boolean {
  const before = tokens[brace - 1]?.value === ":" ? brace - 2 : brace - 1;
  return tokens[before]?.value === "cost";
}
