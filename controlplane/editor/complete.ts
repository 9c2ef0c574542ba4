import { levels, outcomes } from "../language/check-constant.ts";
import type { Signature } from "../language/interface.ts";
import { actionOf, actionsOf, receiversOf } from "../language/lookup.ts";
import type { Source, Span } from "../language/source.ts";
import { argumentBefore, earlierText, offered, typeEnding } from "./calls.ts";
import { declarationOf, documentationOf } from "./describe.ts";
import { interfaceWordsFor } from "./interface-words.ts";
import { contextsIn, withinQuotes } from "./mentions.ts";
import {
  clauseAt,
  isName,
  isSymbol,
  type Outline,
  outline,
  type PolicyOutline,
  policyAt,
} from "./outline.ts";
import { clauseValues, clauseWords, scopeWords, statementWords, typeWords } from "./words.ts";
import { touches, type Workspace } from "./workspace.ts";

/** Something that can be written at a place. */
export interface Completion {
  readonly label: string;
  readonly kind:
    | "action"
    | "service"
    | "version"
    | "clause"
    | "act"
    | "state"
    | "type"
    | "name"
    | "keyword"
    | "value";
  readonly detail?: string;
  readonly documentation?: string;
  /** What to write over `span`. */
  readonly text: string;
  /** The same with places to fill in, in the notation of editors: `${1:name}`. */
  readonly snippet?: string;
  readonly span: Span;
}

type Item = Omit<Completion, "text" | "span"> & { readonly text?: string };

/** What could be written where the cursor is. Never throws; empty where nothing is known. */
export function complete(source: Source, offset: number, workspace: Workspace = {}): readonly Completion[] {
  if (source.path.endsWith(".cui")) {
    const words = interfaceWordsFor(source, offset);
    return withSpan(source, offset, /[A-Za-z0-9_]*$/, wordItems(words, "keyword"));
  }
  const doc = outline(source);
  const inContext = contextsIn(source, doc).find((span) => touches(span, offset));
  if (inContext) return withSpan(source, offset, /[A-Za-z0-9_/-]*$/, serviceItems(source, offset, workspace));
  if (source.path.endsWith(".ts") || isInComment(doc, offset)) return [];
  const policy = policyAt(doc, offset);
  if (policy === undefined) return withSpan(source, offset, /[A-Za-z0-9_]*$/, topItems);
  const string = doc.tokens.findIndex(
    ({ kind, span, isBroken }) =>
      kind === "string" &&
      span.start < offset &&
      (offset < span.end || (isBroken === true && offset === span.end)),
  );
  if (string !== -1) return inString(doc, policy, string, workspace);
  const isInBody = policy.bodyStart !== undefined && offset >= policy.bodyStart;
  const items = isInBody ? bodyItems(doc, policy, offset, workspace) : headerItems(policy, offset);
  return withSpan(source, offset, /[A-Za-z0-9_]*$/, items);
}

/** The items, each over the part of a word that is there already. */
function withSpan(
  source: Source,
  offset: number,
  word: RegExp,
  items: readonly Item[],
): readonly Completion[] {
  const [begun = ""] = word.exec(source.text.slice(Math.max(0, offset - 200), offset)) ?? [];
  const span = { start: offset - begun.length, end: offset };
  return items.map((item) => ({ ...item, text: item.text ?? item.label, span }));
}

function isInComment({ tokens, source }: Outline, offset: number): boolean {
  return tokens.some(
    ({ comments = [], isBroken, kind, span }) =>
      comments.some(({ text, span: place }) => {
        const isLine = text.startsWith("//");
        return place.start < offset && (isLine ? offset <= place.end : offset < place.end);
      }) ||
      (kind === "end" && isBroken === true && offset >= source.text.lastIndexOf("/*", span.start) + 2),
  );
}

function serviceItems(source: Source, offset: number, { mesh }: Workspace): readonly Item[] {
  const before = source.text.slice(Math.max(0, offset - 200), offset);
  const [, service] = /([A-Za-z0-9_/-]+)@[A-Za-z0-9_-]*$/.exec(before) ?? [];
  if (service !== undefined) return versionItems(service, { ...(mesh === undefined ? {} : { mesh }) });
  return [...(mesh?.mesh?.services.values() ?? [])].map((each) => ({
    label: each.name,
    kind: "service",
    detail: `${each.protocol}, port ${each.port}`,
  }));
}

function versionItems(service: string, { mesh }: Workspace): readonly Item[] {
  return [...(mesh?.mesh?.services.get(service)?.versions.keys() ?? [])].map((label) => ({
    label,
    kind: "version",
    detail: `version of ${service}`,
  }));
}

function inString(
  doc: Outline,
  policy: PolicyOutline,
  at: number,
  workspace: Workspace,
): readonly Completion[] {
  const token = doc.tokens[at];
  const argument = argumentBefore(doc, policy, at);
  if (token === undefined || argument === undefined) return [];
  const span = withinQuotes(token.span, doc.source, false);
  // A string that is not closed has the rest of its line in it: that stays.
  const begun = token.isBroken
    ? { start: span.start, end: span.start + wordLength(doc.source, span.start) }
    : span;
  return constantItems(doc, argument, workspace).map((item) => ({ ...item, text: item.label, span: begun }));
}

function wordLength({ text }: Source, start: number): number {
  return /^[A-Za-z0-9_/.-]*/.exec(text.slice(start, start + 200))?.[0].length ?? 0;
}

function constantItems(
  doc: Outline,
  argument: NonNullable<ReturnType<typeof argumentBefore>>,
  workspace: Workspace,
): readonly Item[] {
  switch (argument.parameter.type) {
    case "service":
      return [...(workspace.mesh?.mesh?.services.keys() ?? [])].map((label) => ({ label, kind: "service" }));
    case "version":
      return versionItems(earlierText(doc, argument, "service") ?? "", workspace);
    case "level":
      return levels.map((label) => ({ label, kind: "value" }));
    case "outcome":
      return outcomes.map((label) => ({ label, kind: "value" }));
    default:
      return [];
  }
}

/** A place to fill in, in the notation of snippets. */
function hole(index: number, text: string): string {
  return `\${${index}:${text}}`;
}

const topItems: readonly Item[] = [
  {
    label: "policy",
    kind: "keyword",
    documentation: "A policy: which requests it is for, and what is done to them.",
    snippet: `policy ${hole(1, "name")} (\n\tact (${hole(2, "Request")} ${hole(3, "request")})\n\tcontext ('${hole(4, "caller -> callee")}')\n) {\n\t$0\n}`,
  },
  { label: "import", kind: "keyword", snippet: `import "${hole(1, "interface.cui")}";` },
];

function headerItems(policy: PolicyOutline, offset: number): readonly Item[] {
  const clause = clauseAt(policy, offset);
  if (clause === undefined) {
    // Before the parenthesis is the policy's name, which is the writer's own.
    if (offset <= (policy.clauses[0]?.keyword.span.start ?? policy.span.start) && policy.clauses.length > 0)
      return [];
    const given = new Set(policy.clauses.map(({ keyword }) => keyword.value));
    return [...clauseWords]
      .filter(([label]) => !given.has(label) || label === "using" || label === "param")
      .map(([label, documentation]) => ({
        label,
        kind: "clause",
        documentation,
        snippet: label === "context" ? "context ('$1')" : `${label} ($1)`,
      }));
  }
  const before = clause.tokens.filter(({ span }) => span.end < offset);
  const last = before.at(-1);
  const isFirst = last === undefined || isSymbol(last, ",");
  switch (clause.keyword.value) {
    case "act":
      return isFirst ? receiverItems("act") : [];
    case "using":
      if (isFirst) return [...receiverItems("state"), ...wordItems(scopeWords, "keyword")];
      return last !== undefined && scopeWords.has(last.value) ? receiverItems("state") : [];
    case "param":
      return isFirst ? wordItems(typeWords, "type") : [];
    default:
      return isFirst
        ? (clauseValues.get(clause.keyword.value) ?? []).map((label) => ({ label, kind: "value" }))
        : [];
  }
}

function receiverItems(kind: "act" | "state"): readonly Item[] {
  return receiversOf(offered, kind).map((label) => ({
    label,
    kind,
    documentation: offered.receivers.get(label)?.documentation ?? "",
  }));
}

function wordItems(words: ReadonlyMap<string, string>, kind: Item["kind"]): readonly Item[] {
  return [...words].map(([label, documentation]) => ({ label, kind, documentation }));
}

function bodyItems(
  doc: Outline,
  policy: PolicyOutline,
  offset: number,
  workspace: Workspace,
): readonly Item[] {
  const { tokens, source } = doc;
  // The word that is being written is not before it.
  const next = tokens.findIndex(
    (token) =>
      token.kind === "end" || token.span.start >= offset || (isName(token) && token.span.end >= offset),
  );
  const at = next === -1 ? tokens.length : next;
  const last = tokens[at - 1];
  if (isSymbol(last, ".")) {
    const receiver = typeEnding(doc, policy, at - 2);
    return receiver === undefined ? [] : actionItems(receiver, { style: "method" });
  }
  if (isSymbol(last, "[")) return ["Ingress", "Egress"].map((label) => ({ label, kind: "keyword" }));
  if (isName(last, "let")) return [];
  const argument = argumentBefore(doc, policy, at);
  const constants = argument === undefined ? [] : constantItems(doc, argument, workspace);
  const isQuoted = argument?.parameter.type === "service" || argument?.parameter.type === "version";
  if (constants.length > 0)
    return isQuoted ? constants.map((item) => ({ ...item, text: JSON.stringify(item.label) })) : constants;
  if (argument?.parameter.isConstant) return [];
  const isStart =
    last === undefined ||
    [";", "{", "}", "]"].some((sign) => isSymbol(last, sign)) ||
    isName(last, "else") ||
    (argument === undefined &&
      isSymbol(last, ")") &&
      source.text.slice(last.span.end, offset).includes("\n"));
  return isStart ? statementItems(policy, offset) : valueItems(policy, offset);
}

/** Of a method the receiver stands before the dot already. */
function actionItems(
  receiver: string,
  { style, as = "" }: { readonly style: "method" | "function"; readonly as?: string },
  wanted: (signature: Signature) => boolean = () => true,
): readonly Item[] {
  return actionsOf(offered, receiver).flatMap((label): readonly Item[] => {
    const signature = actionOf(offered, receiver, label);
    if (signature === undefined || !wanted(signature)) return [];
    const given = signature.parameters.filter((parameter) => parameter.default === undefined);
    const places = given.map((parameter, index) => placeholder(parameter, index + 1));
    return [
      {
        label,
        kind: "action",
        detail: declarationOf(receiver, signature),
        documentation: documentationOf(label, signature),
        snippet: `${label}(${[...(style === "method" ? [] : [as]), ...places].join(", ")})`,
      },
    ];
  });
}

const unquoted: ReadonlySet<string> = new Set(["status", "limit", "level", "outcome"]);

function placeholder(parameter: Signature["parameters"][number], index: number): string {
  const place = hole(index, parameter.name ?? parameter.type);
  return parameter.isConstant && !unquoted.has(parameter.type) ? `"${place}"` : place;
}

function statementItems(policy: PolicyOutline, offset: number): readonly Item[] {
  return [
    ...doneItems(policy, ({ result }) => result === undefined),
    ...nameItems(policy, offset, ["request", "state"]),
    {
      label: "if",
      kind: "keyword",
      documentation: statementWords.get("if") ?? "",
      snippet: "if ($1) {\n\t$0\n}",
    },
    {
      label: "let",
      kind: "keyword",
      documentation: statementWords.get("let") ?? "",
      snippet: `let ${hole(1, "name")} = $0;`,
    },
    {
      label: "return",
      kind: "keyword",
      documentation: statementWords.get("return") ?? "",
      snippet: "return;",
    },
    { label: "[Ingress]", kind: "keyword", documentation: statementWords.get("Ingress") ?? "" },
    { label: "[Egress]", kind: "keyword", documentation: statementWords.get("Egress") ?? "" },
  ];
}

function valueItems(policy: PolicyOutline, offset: number): readonly Item[] {
  return [
    ...nameItems(policy, offset, ["let", "parameter", "request", "state"]),
    ...doneItems(policy, ({ result }) => result !== undefined),
    ...["true", "false"].map((label): Item => ({ label, kind: "value" })),
  ];
}

/** The actions of what the policy handles and of its states, as functions. */
function doneItems(policy: PolicyOutline, wanted: (signature: Signature) => boolean): readonly Item[] {
  const items = policy.declarations
    .filter(({ kind, type }) => type !== undefined && (kind === "request" || kind === "state"))
    .flatMap(({ name, type = "" }) => actionItems(type, { style: "function", as: name }, wanted));
  return items.filter(({ label }, index) => items.findIndex((other) => other.label === label) === index);
}

function nameItems(policy: PolicyOutline, offset: number, kinds: readonly string[]): readonly Item[] {
  return policy.declarations
    .filter(({ kind, scope }) => kinds.includes(kind) && scope.start <= offset && offset <= scope.end)
    .filter(({ kind, scope }) => kind !== "let" || scope.start < offset)
    .map(({ name, type, kind }) => ({ label: name, kind: "name", detail: type ?? kind }));
}
