import * as assemblyscript from "assemblyscript";
import {
  isIdentifier,
  isParameter,
  isTernary,
  isVariableLike,
  isWrapper,
  type Node,
  stringOf,
} from "../../filters/proxy-wasm-as/syntax/tree.ts";

/** The initializers of the constants whose name is declared once in the file. */
export function constantsIn(all: readonly Node[]): ReadonlyMap<string, assemblyscript.Expression> {
  const declared = Map.groupBy(
    all.filter((node) => isVariableLike(node) || isParameter(node)),
    ({ name }) => name.text,
  );
  const found = new Map<string, assemblyscript.Expression>();
  for (const [name, [only, ...others]] of declared) {
    if (only === undefined || others.length > 0 || isParameter(only)) continue;
    if (only.is(assemblyscript.CommonFlags.Const) && only.initializer !== null)
      found.set(name, only.initializer);
  }
  return found;
}

/** The texts that an expression may have for its value; undefined when they are computed. */
export function textsOf(
  node: Node,
  constants: ReadonlyMap<string, assemblyscript.Expression>,
  seen: readonly string[] = [],
): readonly string[] | undefined {
  const inner = unwrapped(node);
  const text = stringOf(inner);
  if (text !== undefined) return [text];
  if (isTernary(inner)) {
    const then = textsOf(inner.ifThen, constants, seen);
    const otherwise = textsOf(inner.ifElse, constants, seen);
    return then && otherwise && [...then, ...otherwise];
  }
  const value = isIdentifier(inner) && !seen.includes(inner.text) ? constants.get(inner.text) : undefined;
  return value && isIdentifier(inner) ? textsOf(value, constants, [...seen, inner.text]) : undefined;
}

/** Without parentheses and assertions. */
export function unwrapped(node: Node): Node {
  let inner = node;
  while (isWrapper(inner)) inner = inner.expression;
  return inner;
}
