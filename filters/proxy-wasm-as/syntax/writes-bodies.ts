import { isCall, isProperty, type Node } from "./tree.ts";

/** What writes a body. Each takes one argument, as no method of these names does of a text. */
const writing: ReadonlySet<string> = new Set(["replace", "prepend", "append", "drain"]);

/** Whether a method is used that may be one of those that write bodies, of whatever it is. */
export function writesBodies(all: readonly Node[]): boolean {
  const others = new Set<Node>(
    all
      .filter(isCall)
      .filter(({ args }) => args.length !== 1)
      .map(({ expression }) => expression),
  );
  return all.some((node) => isProperty(node) && writing.has(node.property.text) && !others.has(node));
}
