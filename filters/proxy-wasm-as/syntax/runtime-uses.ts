import type * as assemblyscript from "assemblyscript";
import {
  isClass,
  isField,
  isFunction,
  isFunctionLike,
  isIdentifier,
  isImportedName,
  isNamespace,
  isParameter,
  isProperty,
  isVariableLike,
  type Node,
  parentsIn,
} from "./tree.ts";

/** What AssemblyScript's runtime has for the compiler, and the SDK's for itself: to allocate, free, pin and keep by hand. */
const internals: ReadonlySet<string> = new Set([
  ...["__alloc", "__realloc", "__free", "__new", "__renew", "__link", "__pin", "__unpin", "__visit"],
  ...["__newBuffer", "__newArray", "__collect", "__keep", "__persist", "__room", "heap"],
]);

/**
 * Where filter code manages memory by hand: `__collect` takes away what the callback at work still uses, and what is allocated or pinned may stay for good. A
 * name that the file declares is its own.
 */
export function runtimeUses(all: readonly Node[]): readonly assemblyscript.IdentifierExpression[] {
  const named = all.filter(isIdentifier).filter(({ text }) => internals.has(text));
  if (named.length === 0) return [];
  const declared = new Set(
    all.filter(isDeclaration).flatMap((node) => (isMember(node) ? [] : [node.name.text])),
  );
  const parents = parentsIn(all);
  return named
    .filter((node) => {
      const parent = parents.get(node);
      if (parent === undefined) return true;
      if (isProperty(parent)) return parent.expression === node;
      return !isDeclaration(parent) || parent.name !== node;
    })
    .filter(({ text }) => !declared.has(text))
    .sort((a, b) => a.range.start - b.range.start);
}

type Declaration =
  | assemblyscript.ParameterNode
  | assemblyscript.FunctionDeclaration
  | assemblyscript.VariableLikeDeclarationStatement
  | assemblyscript.ClassDeclaration
  | assemblyscript.NamespaceDeclaration
  | assemblyscript.ImportDeclaration;

function isDeclaration(node: Node): node is Declaration {
  return (
    isParameter(node) ||
    isFunctionLike(node) ||
    isVariableLike(node) ||
    isClass(node) ||
    isNamespace(node) ||
    isImportedName(node)
  );
}

/** Reached by way of something else, so that it hides nothing. */
function isMember(node: Node): boolean {
  return isField(node) || (isFunctionLike(node) && !isFunction(node));
}
