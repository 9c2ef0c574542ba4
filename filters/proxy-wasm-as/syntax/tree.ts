import * as assemblyscript from "assemblyscript";

/** A node of AssemblyScript's tree, of whatever kind. */
export type Node = assemblyscript.Node;

/** All nodes in these and below, in no order that means something. Without recursion, for trees may be deep. */
export function nodesIn(roots: readonly Node[]): readonly Node[] {
  const found = new Set<Node>();
  const left: unknown[] = [...roots];
  while (left.length > 0) {
    const value = left.pop();
    if (Array.isArray(value)) left.push(...value);
    else if (value instanceof assemblyscript.Node && !found.has(value)) {
      found.add(value);
      left.push(...Object.values(value));
    }
  }
  return [...found];
}

/** In what each of these stands directly. */
export function parentsIn(all: readonly Node[]): ReadonlyMap<Node, Node> {
  const parents = new Map<Node, Node>();
  for (const node of all) {
    const left: unknown[] = Object.values(node);
    while (left.length > 0) {
      const value = left.pop();
      if (Array.isArray(value)) left.push(...value);
      else if (value instanceof assemblyscript.Node) parents.set(value, node);
    }
  }
  return parents;
}

export function isIdentifier(node: Node): node is assemblyscript.IdentifierExpression {
  return node.kind === assemblyscript.NodeKind.Identifier;
}

export function isFunction(node: Node): node is assemblyscript.FunctionDeclaration {
  return node.kind === assemblyscript.NodeKind.FunctionDeclaration;
}

/** A function, a method or an accessor. */
export function isFunctionLike(
  node: Node,
): node is assemblyscript.FunctionDeclaration | assemblyscript.MethodDeclaration {
  return isFunction(node) || isMethod(node);
}

export function isMethod(node: Node): node is assemblyscript.MethodDeclaration {
  return node.kind === assemblyscript.NodeKind.MethodDeclaration;
}

export function isParameter(node: Node): node is assemblyscript.ParameterNode {
  return node.kind === assemblyscript.NodeKind.Parameter;
}

export function isVariables(node: Node): node is assemblyscript.VariableStatement {
  return node.kind === assemblyscript.NodeKind.Variable;
}

export function isField(node: Node): node is assemblyscript.FieldDeclaration {
  return node.kind === assemblyscript.NodeKind.FieldDeclaration;
}

/** One variable or constant of whatever block, or a field. */
export function isVariableLike(node: Node): node is assemblyscript.VariableLikeDeclarationStatement {
  return node.kind === assemblyscript.NodeKind.VariableDeclaration || isField(node);
}

export function isNamespace(node: Node): node is assemblyscript.NamespaceDeclaration {
  return node.kind === assemblyscript.NodeKind.NamespaceDeclaration;
}

export function isClass(node: Node): node is assemblyscript.ClassDeclaration {
  return node.kind === assemblyscript.NodeKind.ClassDeclaration;
}

export function isImport(node: Node): node is assemblyscript.ImportStatement {
  return node.kind === assemblyscript.NodeKind.Import;
}

/** One name of an import's list. */
export function isImportedName(node: Node): node is assemblyscript.ImportDeclaration {
  return node.kind === assemblyscript.NodeKind.ImportDeclaration;
}

/** `export { … }` and `export * from …`. */
export function isExportList(node: Node): node is assemblyscript.ExportStatement {
  return node.kind === assemblyscript.NodeKind.Export;
}

/** `export default …`. */
export function isExportDefault(node: Node): node is assemblyscript.ExportDefaultStatement {
  return node.kind === assemblyscript.NodeKind.ExportDefault;
}

export function isDecorator(node: Node): node is assemblyscript.DecoratorNode {
  return node.kind === assemblyscript.NodeKind.Decorator;
}

export function isExported(node: assemblyscript.DeclarationStatement): boolean {
  return (node.flags & assemblyscript.CommonFlags.Export) !== 0;
}

export function isLiteral(node: Node): node is assemblyscript.LiteralExpression {
  return node.kind === assemblyscript.NodeKind.Literal;
}

export function isList(node: Node): node is assemblyscript.ArrayLiteralExpression {
  return isLiteral(node) && node.literalKind === assemblyscript.LiteralKind.Array;
}

export function isCall(node: Node): node is assemblyscript.CallExpression {
  return node.kind === assemblyscript.NodeKind.Call;
}

export function isNew(node: Node): node is assemblyscript.NewExpression {
  return node.kind === assemblyscript.NodeKind.New;
}

export function isProperty(node: Node): node is assemblyscript.PropertyAccessExpression {
  return node.kind === assemblyscript.NodeKind.PropertyAccess;
}

export function isTernary(node: Node): node is assemblyscript.TernaryExpression {
  return node.kind === assemblyscript.NodeKind.Ternary;
}

/** Parentheses or an assertion around an expression. */
export function isWrapper(
  node: Node,
): node is assemblyscript.ParenthesizedExpression | assemblyscript.AssertionExpression {
  return (
    node.kind === assemblyscript.NodeKind.Parenthesized || node.kind === assemblyscript.NodeKind.Assertion
  );
}

/** The text of a string literal; undefined for all else. */
export function stringOf(node: Node | null): string | undefined {
  if (!node || !isLiteral(node) || node.literalKind !== assemblyscript.LiteralKind.String) return undefined;
  return (node as assemblyscript.StringLiteralExpression).value;
}
