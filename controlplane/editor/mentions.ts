import { isMap, isScalar, isSeq, parseDocument } from "yaml";
import type { Source, Span } from "../language/source.ts";
import { argumentBefore } from "./calls.ts";
import { type Outline, outline, type PolicyOutline } from "./outline.ts";

/** A service, named somewhere. */
export interface Mention {
  readonly name: string;
  /** Of the name alone. */
  readonly span: Span;
  readonly version?: { readonly name: string; readonly span: Span };
  /** Whether the mesh file says here that there is this service. */
  readonly isDefinition?: true;
}

const label = "[A-Za-z0-9_](?:[A-Za-z0-9_]|-(?!>))*";
const element = new RegExp(`(${label}(?:/${label})?)(?:@(${label})?)?`, "g");
const filterContext =
  /\bexport\s+const\s+context\s*(?::\s*string\s*)?=\s*(?:"([^"\n]*)|'([^'\n]*)|`([^`\n]*))/g;

/** Where the contexts of a document stand, without quotes: of Copper or of filter code, whether or not it can be read. */
export function contextsIn(source: Source, doc: Outline = outline(source)): readonly Span[] {
  if (source.path.endsWith(".ts")) {
    return [...source.text.matchAll(filterContext)].map((match) => {
      const end = match.index + match[0].length;
      return { start: end - (match[1] ?? match[2] ?? match[3] ?? "").length, end };
    });
  }
  return doc.policies.flatMap((policy) =>
    policy.clauses
      .filter(({ keyword }) => keyword.value === "context")
      .map(({ tokens, inside }): Span => {
        const [first] = tokens;
        if (first?.kind !== "string") return inside;
        return withinQuotes(first.span, source, first.isBroken === true);
      }),
  );
}

/** Without its quotes; a broken string has only the first one. */
export function withinQuotes({ start, end }: Span, { text }: Source, isBroken: boolean): Span {
  return { start: start + 1, end: isBroken || text[end - 1] !== text[start] ? end : end - 1 };
}

/** The services that a policy names: in contexts, and as arguments. */
export function mentionsIn(source: Source): readonly Mention[] {
  const doc = outline(source);
  const inContexts = contextsIn(source, doc).flatMap((span) => elementsIn(source, span));
  if (source.path.endsWith(".ts")) return inContexts;
  return [...inContexts, ...doc.policies.flatMap((policy) => argumentsIn(doc, policy))];
}

/** The services that a mesh file names, and first of all those that it defines. */
export function mentionsInMesh(source: Source): readonly Mention[] {
  const { contents } = parseDocument(source.text, { prettyErrors: false });
  const found: Mention[] = [];
  const mention = (node: unknown, extra: { readonly isDefinition?: true } = {}): void => {
    if (!isScalar(node) || !node.range) return;
    const name = String(node.value);
    const at = source.text.indexOf(name, node.range[0]);
    const start = at === -1 || at > node.range[1] ? node.range[0] : at;
    found.push({ name, span: { start, end: start + name.length }, ...extra });
  };
  const pairsOf = (node: unknown): readonly { readonly key: unknown; readonly value: unknown }[] =>
    isMap(node) ? node.items : [];
  for (const part of pairsOf(contents)) {
    const key = isScalar(part.key) ? part.key.value : undefined;
    if (key === "services")
      for (const service of pairsOf(part.value)) mention(service.key, { isDefinition: true });
    if (key !== "calls" && key !== "endpoints") continue;
    for (const { key: service, value } of pairsOf(part.value)) {
      mention(service);
      if (key !== "calls" || !isSeq(value)) continue;
      for (const item of value.items) {
        const to = pairsOf(item).find((pair) => isScalar(pair.key) && pair.key.value === "to");
        mention(isMap(item) ? to?.value : item);
      }
    }
  }
  return found.sort((a, b) => Number(b.isDefinition ?? false) - Number(a.isDefinition ?? false));
}

function elementsIn(source: Source, { start, end }: Span): readonly Mention[] {
  return [...source.text.slice(start, end).matchAll(element)].map((match): Mention => {
    const [, name = "", version] = match;
    const from = start + match.index;
    const span = { start: from, end: from + name.length };
    if (version === undefined) return { name, span };
    const at = span.end + 1;
    return { name, span, version: { name: version, span: { start: at, end: at + version.length } } };
  });
}

function argumentsIn(doc: Outline, policy: PolicyOutline): readonly Mention[] {
  const { bodyStart } = policy;
  if (bodyStart === undefined) return [];
  return doc.tokens.flatMap((token, at): readonly Mention[] => {
    if (token.kind !== "string" || token.span.start < bodyStart || token.span.end > policy.span.end)
      return [];
    const argument = argumentBefore(doc, policy, at);
    if (argument?.parameter.type !== "service" || token.value === "*") return [];
    const span = withinQuotes(token.span, doc.source, token.isBroken === true);
    return [{ name: token.value, span }];
  });
}
