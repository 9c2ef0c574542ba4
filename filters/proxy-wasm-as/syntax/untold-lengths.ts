import type * as assemblyscript from "assemblyscript";
import { isCall, isIdentifier, isProperty, isVariableLike, type Node, nodesIn, stringOf } from "./tree.ts";

type Function = assemblyscript.FunctionDeclaration | assemblyscript.MethodDeclaration;

type Side = "Request" | "Response";

/** Where a body is written, as in `request.body.replace`, and whose it may be. */
export interface BodyWrite {
  readonly side: Side;
  readonly node: Node;
}

/** Each takes one argument, as no method of these names does of a text. */
const writing: ReadonlySet<string> = new Set(["replace", "prepend", "append", "drain"]);
/** What takes a header away, or says another one. */
const telling: ReadonlySet<string> = new Set(["remove", "set"]);

/**
 * Bodies that are written in the callback for the body of one side, or in what it calls, while nothing that the callback for the headers of this
 * side does takes `content-length` away or says another one: by then the headers have gone on, with the length of the old body. Functions of
 * one name, as in several files, count as one, and what is done on a condition counts as done.
 */
export function untoldLengths(functions: readonly Function[]): readonly BodyWrite[] {
  const looked = functions.map((declaration) => ({
    name: declaration.name.text,
    all: nodesIn([declaration]),
    textOf: (node: Node) => node.range.source.text.slice(node.range.start, node.range.end),
  }));
  const reachedFrom = (start: string): readonly (typeof looked)[number][] => {
    const names = new Set([start]);
    for (const name of names)
      for (const { all } of looked.filter((each) => each.name === name))
        for (const called of all.flatMap(calleesOf)) names.add(called);
    return looked.filter(({ name }) => names.has(name));
  };
  const sources = new Set(functions.map(({ range }) => range.source));
  const names = new Set(
    nodesIn([...sources].flatMap(({ statements }) => statements)).flatMap((node) =>
      isVariableLike(node) && isLength(node.initializer) ? [node.name.text] : [],
    ),
  );
  const tells = (node: Node): boolean => {
    if (!isCall(node) || !isProperty(node.expression) || !telling.has(node.expression.property.text))
      return false;
    const [name] = node.args;
    return name !== undefined && (isLength(name) || (isIdentifier(name) && names.has(name.text)));
  };
  return (["Request", "Response"] as const).flatMap((side) => {
    if (reachedFrom(`on${side}`).some(({ all }) => all.some(tells))) return [];
    return reachedFrom(`on${side}Body`).flatMap(({ all, textOf }) =>
      writesIn(all, textOf)
        // Of a helper for both sides it is not known whose body it gets.
        .filter(({ said }) => {
          const whose = /\b(request|response)\b/.exec(said)?.[1];
          return whose === undefined || whose === side.toLowerCase();
        })
        .map(({ node }) => ({ side, node })),
    );
  });
}

/** The names of what is called, or given to be called. */
function calleesOf(node: Node): readonly string[] {
  if (!isCall(node)) return [];
  const { expression } = node;
  const own = isIdentifier(expression)
    ? [expression.text]
    : isProperty(expression)
      ? [expression.property.text]
      : [];
  return [...own, ...node.args.filter(isIdentifier).map(({ text }) => text)];
}

/** Calls that write a body, and the words that say whose: those of the call, or of what was named before. */
function writesIn(
  all: readonly Node[],
  textOf: (node: Node) => string,
): readonly { readonly said: string; readonly node: Node }[] {
  const given = new Map(
    all
      .filter(isVariableLike)
      .flatMap(({ name, initializer }) => (initializer === null ? [] : [[name.text, textOf(initializer)]])),
  );
  return all
    .filter(isCall)
    .filter(({ args }) => args.length === 1)
    .map(({ expression }) => expression)
    .filter(isProperty)
    .filter(({ property }) => writing.has(property.text))
    .map((node) => {
      const receiver = textOf(node.expression);
      return { said: given.get(receiver) ?? receiver, node };
    })
    .sort((a, b) => a.node.range.start - b.node.range.start);
}

function isLength(node: Node | null): boolean {
  return stringOf(node)?.toLowerCase() === "content-length";
}
