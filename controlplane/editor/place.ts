import type { Receiver } from "../language/interface.ts";
import type { Token } from "../language/lexer.ts";
import type { Source, Span } from "../language/source.ts";
import { actionAt, argumentBefore, earlierText, type FoundAction, offered } from "./calls.ts";
import { interfaceWordAt } from "./interface-words.ts";
import { contextsIn, mentionsIn, withinQuotes } from "./mentions.ts";
import {
  clauseAt,
  type Declaration,
  declarationOf,
  isName,
  isSymbol,
  type Outline,
  outline,
  type PolicyOutline,
  policyAt,
} from "./outline.ts";
import { clauseValues, clauseWords, scopeWords, statementWords, typeWords } from "./words.ts";
import { touches } from "./workspace.ts";

/** What stands at a place of a document. */
export type Place =
  | { readonly kind: "service"; readonly name: string; readonly span: Span }
  | { readonly kind: "version"; readonly service: string; readonly name: string; readonly span: Span }
  | ({ readonly kind: "action"; readonly span: Span } & FoundAction)
  | {
      readonly kind: "name";
      readonly declaration: Declaration;
      readonly policy: PolicyOutline;
      readonly doc: Outline;
      readonly span: Span;
    }
  | { readonly kind: "receiver"; readonly receiver: Receiver; readonly span: Span }
  | { readonly kind: "word"; readonly word: string; readonly documentation: string; readonly span: Span };

/** Look up what an editor's cursor is at; undefined where there is nothing to say. */
export function placeAt(source: Source, offset: number): Place | undefined {
  if (source.path.endsWith(".cui")) {
    const found = interfaceWordAt(source, offset);
    return found && { kind: "word", ...found };
  }
  const mention = mentionsIn(source).find(({ span, version }) =>
    touches({ start: span.start, end: version?.span.end ?? span.end }, offset),
  );
  if (mention) {
    const { name, span, version } = mention;
    return version !== undefined && version.name !== "" && offset >= version.span.start
      ? { kind: "version", service: name, ...version }
      : { kind: "service", name, span };
  }
  if (source.path.endsWith(".ts") || contextsIn(source).some((span) => touches(span, offset)))
    return undefined;
  const doc = outline(source);
  const at = tokenAt(doc, offset);
  const token = doc.tokens[at];
  const policy = policyAt(doc, offset);
  if (token === undefined || policy === undefined) return undefined;
  if (token.kind === "string") return versionAt(doc, policy, token, at);
  if (!isName(token)) return undefined;
  const isInBody = policy.bodyStart !== undefined && token.span.start >= policy.bodyStart;
  return isInBody ? inBody(doc, policy, token, at) : inHeader(doc, policy, token);
}

/** The token that a place is in or right behind; a name before what only touches it. */
function tokenAt({ tokens }: Outline, offset: number): number {
  const touching = tokens.flatMap(({ span }, index) => (touches(span, offset) ? [index] : []));
  return touching.find((index) => isName(tokens[index])) ?? touching[0] ?? -1;
}

function versionAt(doc: Outline, policy: PolicyOutline, token: Token, at: number): Place | undefined {
  const argument = argumentBefore(doc, policy, at);
  const service = argument && earlierText(doc, argument, "service");
  if (argument?.parameter.type !== "version" || service === undefined) return undefined;
  const span = withinQuotes(token.span, doc.source, token.isBroken === true);
  return { kind: "version", service, name: token.value, span };
}

function inHeader(doc: Outline, policy: PolicyOutline, token: Token): Place | undefined {
  const { span, value } = token;
  const clause = clauseAt(policy, span.start);
  const word = (documentation: string | undefined): Place | undefined =>
    documentation === undefined ? undefined : { kind: "word", word: value, documentation, span };
  if (clause === undefined) {
    const isKeyword = policy.clauses.some(({ keyword }) => keyword === token);
    return isKeyword ? word(clauseWords.get(value)) : undefined;
  }
  const declaration = policy.declarations.find((declared) => declared.span.start === span.start);
  if (declaration) return { kind: "name", declaration, policy, doc, span };
  switch (clause.keyword.value) {
    case "act":
    case "using": {
      const receiver = offered.receivers.get(value);
      return receiver ? { kind: "receiver", receiver, span } : word(scopeWords.get(value));
    }
    case "param":
      return word(typeWords.get(value));
    default:
      return clauseValues.get(clause.keyword.value)?.includes(value)
        ? word(clauseWords.get(clause.keyword.value))
        : undefined;
  }
}

function inBody(doc: Outline, policy: PolicyOutline, token: Token, at: number): Place | undefined {
  const { span, value } = token;
  const isMethod = isSymbol(doc.tokens[at - 1], ".");
  if (isMethod || (isSymbol(doc.tokens[at + 1], "(") && !statementWords.has(value))) {
    const action = actionAt(doc, policy, at);
    return action && { kind: "action", ...action, span };
  }
  const declaration = isConstant(doc, policy, at) ? undefined : declarationOf(policy, value, span.start);
  if (declaration) return { kind: "name", declaration, policy, doc, span };
  const documentation = statementWords.get(value);
  return documentation === undefined ? undefined : { kind: "word", word: value, documentation, span };
}

/** A bare word, as `FAILED` and `info` are, means itself where the interface wants one of them. */
function isConstant(doc: Outline, policy: PolicyOutline, at: number): boolean {
  const kind = argumentBefore(doc, policy, at)?.parameter.type;
  return kind === "level" || kind === "outcome";
}

/** All places in a policy where a name means the same declaration, the declaration among them. */
export function referencesOf(doc: Outline, policy: PolicyOutline, declaration: Declaration): readonly Span[] {
  const { bodyStart = policy.span.end } = policy;
  const spans = doc.tokens.flatMap((token, at): readonly Span[] => {
    if (!isName(token, declaration.name) || token.span.start < bodyStart) return [];
    if (token.span.end > policy.span.end || isSymbol(doc.tokens[at - 1], ".")) return [];
    if (isSymbol(doc.tokens[at + 1], "(") || isConstant(doc, policy, at)) return [];
    return declarationOf(policy, token.value, token.span.start) === declaration ? [token.span] : [];
  });
  return spans.some(({ start }) => start === declaration.span.start) ? spans : [declaration.span, ...spans];
}
