import { lex, type Token } from "../language/lexer.ts";
import { reporterFor } from "../language/reporter.ts";
import type { Source, Span } from "../language/source.ts";
import { clauseWords } from "./words.ts";
import { touches } from "./workspace.ts";

/**
 * What an editor needs to know of a Copper file, read from its tokens alone: while someone types, most files do not parse, and the place
 * where they type is the one that is broken.
 */
export interface Outline {
  readonly source: Source;
  readonly tokens: readonly Token[];
  readonly policies: readonly PolicyOutline[];
}

export interface PolicyOutline {
  /** To the beginning of the next one, or the end of the file. */
  readonly span: Span;
  readonly clauses: readonly ClauseOutline[];
  /** Where the statements begin: behind `{`. Absent when there is none yet. */
  readonly bodyStart?: number;
  readonly act?: string;
  readonly declarations: readonly Declaration[];
}

export interface ClauseOutline {
  readonly keyword: Token;
  /** Between the parentheses. */
  readonly tokens: readonly Token[];
  readonly inside: Span;
}

/** A name that a policy gives to something. */
export interface Declaration {
  readonly kind: "request" | "state" | "parameter" | "let";
  readonly name: string;
  readonly span: Span;
  /** Where it is known. */
  readonly scope: Span;
  /** The act, the kind of state, or the type; of a `let` only the checker knows it. */
  readonly type?: string;
}

export function outline(source: Source): Outline {
  const tokens = lex(reporterFor(source));
  const starts = tokens.flatMap((token, index) =>
    isName(token, "policy") && startsPolicy(tokens, index) ? [index] : [],
  );
  const policies = starts.map((start, index) => {
    const next = starts[index + 1] ?? tokens.length;
    return policyOf(tokens, start, indexWithin(tokens, start, next, isSeparator) ?? next, source);
  });
  return { source, tokens, policies };
}

/** The policy around a place. */
export function policyAt({ policies }: Outline, offset: number): PolicyOutline | undefined {
  return policies.find(({ span }) => span.start <= offset && offset <= span.end);
}

/** The clause in whose parentheses a place is. */
export function clauseAt(policy: PolicyOutline, offset: number): ClauseOutline | undefined {
  if (policy.bodyStart !== undefined && offset >= policy.bodyStart) return undefined;
  return policy.clauses.find(({ inside }) => touches(inside, offset));
}

/** What a name means at a place: of several declarations the nearest one before it. */
export function declarationOf(policy: PolicyOutline, name: string, offset: number): Declaration | undefined {
  return policy.declarations.findLast(
    (declared) =>
      declared.name === name &&
      ((declared.span.start <= offset && offset <= declared.span.end) ||
        (declared.scope.start <= offset && offset < declared.scope.end)),
  );
}

export function isName(token: Token | undefined, value?: string): boolean {
  return token?.kind === "name" && (value === undefined || token.value === value);
}

export function isSymbol(token: Token | undefined, value: string): boolean {
  return token?.kind === "symbol" && token.value === value;
}

function isSeparator({ kind }: Token): boolean {
  return kind === "separator";
}

/** The first such token from `start` to before `end`. A file can have many policies, so nobody looks through all of it for each. */
function indexWithin(
  tokens: readonly Token[],
  start: number,
  end: number,
  isWanted: (token: Token) => boolean,
): number | undefined {
  for (let at = start; at < end; at++) {
    const token = tokens[at];
    if (token !== undefined && isWanted(token)) return at;
  }
  return undefined;
}

/** As for the parser: the word is a policy's where a name follows it; at the start of a line it is one that is being written. */
function startsPolicy(tokens: readonly Token[], index: number): boolean {
  const before = tokens[index - 1];
  return (
    isName(tokens[index + 1]) || before === undefined || before.kind === "separator" || isSymbol(before, "}")
  );
}

function policyOf(tokens: readonly Token[], start: number, end: number, source: Source): PolicyOutline {
  const body = indexWithin(tokens, start + 1, end, (token) => isSymbol(token, "{"));
  const last = tokens[end];
  const span = {
    start: tokens[start]?.span.start ?? 0,
    end: last === undefined ? source.text.length : last.span.start,
  };
  const clauses = clausesOf(
    tokens.slice(start + 1, body ?? end),
    tokens[body ?? end]?.span.start ?? span.end,
  );
  const act = clauses.find(({ keyword }) => keyword.value === "act")?.tokens[0];
  return {
    span,
    clauses,
    ...(body === undefined ? {} : { bodyStart: tokens[body]?.span.end ?? span.end }),
    ...(isName(act) && act ? { act: act.value } : {}),
    declarations: [
      ...clauses.flatMap((clause) => declaredIn(clause, span)),
      ...(body === undefined ? [] : letsIn(tokens.slice(body, end), span.end)),
    ],
  };
}

/** A clause that is not closed yet ends where the next one begins. */
function clausesOf(tokens: readonly Token[], end: number): readonly ClauseOutline[] {
  const clauses: ClauseOutline[] = [];
  // The policy's name, and the parenthesis behind it.
  for (let at = tokens.findIndex((token) => isSymbol(token, "(")) + 1; at < tokens.length; at++) {
    const keyword = tokens[at];
    const open = tokens[at + 1];
    if (keyword === undefined || open === undefined || !isName(keyword) || !isSymbol(open, "(")) continue;
    const first = at + 2;
    let close = first;
    for (let depth = 0; close < tokens.length; close++) {
      const token = tokens[close];
      if (isSymbol(token, "(")) depth++;
      else if (isSymbol(token, ")") && depth-- === 0) break;
      else if (close > first && startsClause(tokens, close)) break;
    }
    clauses.push({
      keyword,
      tokens: tokens.slice(first, close),
      inside: { start: open.span.end, end: tokens[close]?.span.start ?? end },
    });
    at = isSymbol(tokens[close], ")") ? close : close - 1;
  }
  return clauses;
}

function startsClause(tokens: readonly Token[], at: number): boolean {
  return isName(tokens[at]) && clauseWords.has(tokens[at]?.value ?? "") && isSymbol(tokens[at + 1], "(");
}

function declaredIn({ keyword, tokens }: ClauseOutline, scope: Span): readonly Declaration[] {
  const declare = (
    kind: Declaration["kind"],
    type: Token | undefined,
    name: Token | undefined,
  ): readonly Declaration[] =>
    type === undefined || name === undefined || !isName(type) || !isName(name)
      ? []
      : [{ kind, name: name.value, span: name.span, scope, type: type.value }];
  switch (keyword.value) {
    case "act":
      return declare("request", tokens[0], tokens[1]);
    case "using":
      return byCommas(tokens).flatMap((words) => declare("state", words.at(-2), words.at(-1)));
    case "param":
      return byCommas(tokens).flatMap(([type, name]) => declare("parameter", type, name));
    default:
      return [];
  }
}

function byCommas(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    if (isSymbol(token, ",")) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

/** A `let` is known to the end of its block. */
function letsIn(tokens: readonly Token[], end: number): readonly Declaration[] {
  const found: Declaration[] = [];
  const open: Declaration[][] = [];
  const close = (at: number): void => {
    for (const declared of open.pop() ?? [])
      found.push({ ...declared, scope: { start: declared.scope.start, end: at } });
  };
  tokens.forEach((token, index) => {
    if (isSymbol(token, "{")) open.push([]);
    else if (isSymbol(token, "}")) close(token.span.end);
    else if (isName(token, "let")) {
      const name = tokens[index + 1];
      if (name !== undefined && isName(name))
        open.at(-1)?.push({
          kind: "let",
          name: name.value,
          span: name.span,
          scope: { start: name.span.end, end },
        });
    }
  });
  while (open.length > 0) close(end);
  return found.sort((a, b) => a.span.start - b.span.start);
}
