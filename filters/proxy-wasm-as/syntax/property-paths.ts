import type * as assemblyscript from "assemblyscript";
import { isCall, isIdentifier, isProperty, type Node, stringOf } from "./tree.ts";

/** The paths that are given as literals to what reads properties by them, `properties` being called like one of these. */
export function propertyPaths(
  all: readonly Node[],
  names: readonly string[],
): readonly { readonly path: string; readonly node: Node }[] {
  return all.filter(isCall).flatMap(({ expression, args }) => {
    const [node] = args;
    const path = stringOf(node ?? null);
    return node !== undefined && path !== undefined && readsProperty(expression, names)
      ? [{ path, node }]
      : [];
  });
}

function readsProperty(callee: assemblyscript.Expression, names: readonly string[]): boolean {
  if (!isProperty(callee) || !isIdentifier(callee.expression)) return false;
  return (
    names.includes(callee.expression.text) && /^get(?:Int|Float|Bool|Pairs)?$/.test(callee.property.text)
  );
}
