import * as assemblyscript from "assemblyscript";
import {
  isCall,
  isFunctionLike,
  isIdentifier,
  isImportedName,
  isList,
  isNew,
  isParameter,
  isProperty,
  isVariableLike,
  type Node,
  stringOf,
} from "../../filters/proxy-wasm-as/syntax/tree.ts";
import { headerKey } from "./check-header.ts";
import { constantsIn, textsOf, unwrapped } from "./filter-texts.ts";
import type { Reporter } from "./reporter.ts";
import type { Span } from "./source.ts";

/** What the methods of the SDK's `Headers` do to a header. */
const methods: ReadonlyMap<string, List> = new Map([
  ["get", "reads"],
  ["getAll", "reads"],
  ["has", "reads"],
  ["entries", "reads"],
  ["set", "writes"],
  ["add", "writes"],
  ["remove", "writes"],
  ["replaceAll", "writes"],
]);

type List = "reads" | "writes";

/** A call that reads or writes a header; without names where they are computed. */
interface Use {
  readonly list: List;
  readonly span: Span;
  readonly names: readonly string[] | undefined;
}

/**
 * Hold the lists `reads` and `writes` against the code, which placement would else believe: what is used is listed, and what is listed is
 * used. A list that is not there is compared with nothing, since such a filter commutes with nothing. `all` are the nodes of the file.
 */
export function checkHeaders(
  constants: ReadonlyMap<string, assemblyscript.Expression>,
  all: readonly Node[],
  reporter: Reporter,
): void {
  const uses = usesIn(all);
  for (const list of ["reads", "writes"] as const) {
    const node = constants.get(list);
    if (node === undefined || !isList(node)) continue;
    const elements = node.elementExpressions;
    const listed = new Set(elements.map((element) => headerKey(stringOf(element) ?? "")));
    const ours = uses.filter((use) => use.list === list);
    for (const use of ours) compare(use, listed, node, reporter);

    // What is computed may be any of them.
    if (ours.some(({ names }) => names === undefined)) continue;
    const used = new Set(ours.flatMap(({ names }) => names ?? []).map(headerKey));
    for (const element of elements) {
      const name = stringOf(element) ?? "";
      if (used.has(headerKey(name))) continue;
      reporter.report("FLT0210", spanOf(element), `nothing here ${list} the header \`${name}\``, {
        severity: "warning",
        help: `leave it out of \`${list}\`: it keeps this filter in order with others for nothing`,
      });
    }
  }
}

function compare(
  { list, span, names }: Use,
  listed: ReadonlySet<string>,
  node: assemblyscript.ArrayLiteralExpression,
  reporter: Reporter,
): void {
  if (names === undefined) {
    reporter.report("FLT0209", span, `which header this ${list} cannot be compared with \`${list}\``, {
      severity: "warning",
      label: "computed when the filter runs",
      help: "use quoted names or constants that hold one, or leave the lists out: then this filter keeps its place",
    });
  }
  for (const name of names ?? []) {
    if (listed.has(headerKey(name))) continue;
    const text = ({ range }: Node): string => reporter.source.text.slice(range.start, range.end);
    const whole = `[${[...node.elementExpressions.map(text), JSON.stringify(name.toLowerCase())].join(", ")}]`;
    reporter.report("FLT0208", span, `this ${list} the header \`${name}\`, which \`${list}\` does not list`, {
      help: `write \`export const ${list} = ${whole};\``,
      suggestions: [{ span: spanOf(node), text: whole }],
    });
  }
}

function usesIn(all: readonly Node[]): readonly Use[] {
  const isHeaders = headersIn(all);
  const constants = constantsIn(all);
  const found = all.filter(isCall).flatMap(({ expression, args }): readonly Use[] => {
    const [name] = args;
    const list = isProperty(expression) ? methods.get(expression.property.text) : undefined;
    if (!isProperty(expression) || list === undefined) return [];
    const isAll = expression.property.text === "entries" || expression.property.text === "replaceAll";
    if (name === undefined && !isAll) return [];
    const certainty = isHeaders(expression.expression);
    if (certainty === "no") return [];
    const names = certainty === "yes" && name !== undefined && !isAll ? textsOf(name, constants) : undefined;
    return [{ list, span: spanOf(name ?? expression.property), names }];
  });
  return found.sort((a, b) => a.span.start - b.span.start);
}

type Certainty = "yes" | "no" | "maybe";

/**
 * Tells whether an expression is the headers of a request. Names are looked up in the whole file: one that is declared as headers here
 * and as something else there is `maybe`.
 */
function headersIn(all: readonly Node[]): (node: Node) => Certainty {
  const types = new Set([
    "Headers",
    ...all
      .filter(isImportedName)
      .filter(({ foreignName }) => foreignName.text === "Headers")
      .map(({ name }) => name.text),
  ]);
  const isOfType = (type: assemblyscript.TypeNode | null): boolean =>
    type?.kind === assemblyscript.NodeKind.NamedType &&
    types.has((type as assemblyscript.NamedTypeNode).name.identifier.text);

  // `headers` is what `Request` has.
  const yes = new Set(["headers"]);
  const no = new Set<string>();
  const isHeaders = (node: Node): Certainty => {
    const inner = unwrapped(node);
    if (isNew(inner)) return types.has(inner.typeName.identifier.text) ? "yes" : "no";
    const named = isCall(inner) ? unwrapped(inner.expression) : inner;
    const name = isProperty(named) ? named.property.text : isIdentifier(named) ? named.text : "";
    if (!yes.has(name)) return "no";
    return no.has(name) ? "maybe" : "yes";
  };

  const untyped: assemblyscript.VariableLikeDeclarationStatement[] = [];
  for (const node of all) {
    if (isFunctionLike(node)) (isOfType(node.signature.returnType) ? yes : no).add(node.name.text);
    else if (isParameter(node)) (isOfType(node.type) ? yes : no).add(node.name.text);
    else if (isVariableLike(node) && node.type !== null) (isOfType(node.type) ? yes : no).add(node.name.text);
    else if (isVariableLike(node)) untyped.push(node);
  }
  // A variable may be begun with another one, that stands further down.
  for (let before = -1; before < yes.size; ) {
    before = yes.size;
    for (const { name, initializer } of untyped)
      if (initializer !== null && isHeaders(initializer) !== "no") yes.add(name.text);
  }
  for (const { name, initializer } of untyped)
    if (initializer === null || isHeaders(initializer) === "no") no.add(name.text);
  return isHeaders;
}

function spanOf({ range }: Node): Span {
  return { start: range.start, end: range.end };
}
