import * as assemblyscript from "assemblyscript";
import {
  isCall,
  isClass,
  isField,
  isIdentifier,
  isList,
  isLiteral,
  isNamespace,
  isProperty,
  isVariables,
  type Node,
  nodesIn,
} from "./filter-tree.ts";

/** What of a list can be asked without changing it. */
const reading = ["includes", "indexOf", "lastIndexOf", "length", "join", "at"];

/** What the SDK keeps of a stream until that has gone, and what a filter only adds to. */
const ofTheSdk = /^new\s+(?:PerStream|Counter|Gauge|Histogram)\b/;

/** What only strings have, and strings do not change. */
const ofStrings = [
  "charAt",
  "padEnd",
  "padStart",
  "repeat",
  "replaceAll",
  "toLowerCase",
  "toUpperCase",
  "trim",
];

/** The names under which filter code keeps something from one request to the next; `all` are the nodes below `statements`. */
export function stateIn(
  statements: readonly assemblyscript.Statement[],
  all: readonly Node[],
): readonly assemblyscript.IdentifierExpression[] {
  return statements.flatMap((statement): readonly assemblyscript.IdentifierExpression[] => {
    if (isNamespace(statement)) return stateIn(statement.members, all);
    if (isClass(statement)) {
      return statement.members
        .filter(isField)
        .filter((field) => field.is(assemblyscript.CommonFlags.Static))
        .filter((field) => !field.is(assemblyscript.CommonFlags.Readonly) || isKept(field, all))
        .map((field) => field.name);
    }
    if (!isVariables(statement)) return [];
    return statement.declarations
      .filter((declaration) => !declaration.is(assemblyscript.CommonFlags.Const) || isKept(declaration, all))
      .map((declaration) => declaration.name);
  });
}

/** Whether a constant holds something that can change. */
function isKept(declaration: assemblyscript.VariableLikeDeclarationStatement, all: readonly Node[]): boolean {
  const { initializer, name } = declaration;
  if (!initializer || initializer.kind === assemblyscript.NodeKind.Function) return false;
  const { range } = initializer;
  if (ofTheSdk.test(range.source.text.slice(range.start, range.end))) return false;
  if (isListOfPlain(initializer)) return !isOnlyRead(name, all);
  return nodesIn([initializer]).some(
    (node) =>
      node.kind === assemblyscript.NodeKind.New ||
      (isCall(node) && !(isProperty(node.expression) && ofStrings.includes(node.expression.property.text))) ||
      isList(node) ||
      (isLiteral(node) && node.literalKind === assemblyscript.LiteralKind.Object),
  );
}

function isListOfPlain(node: Node): boolean {
  return (
    isList(node) &&
    node.elementExpressions.every(
      (element) =>
        isLiteral(element) &&
        element.literalKind !== assemblyscript.LiteralKind.Array &&
        element.literalKind !== assemblyscript.LiteralKind.Object,
    )
  );
}

/** Whether a list is never handed on or written to. A table to look things up in is no state. */
function isOnlyRead(name: assemblyscript.IdentifierExpression, all: readonly Node[]): boolean {
  const written = new Set<Node>();
  const read = new Set<Node>([name]);
  for (const node of all) {
    if (isUnary(node)) written.add(node.operand);
    else if (isBinary(node) && isAssignment(node)) written.add(node.left);
  }
  for (const node of all) {
    if (isElement(node) && !written.has(node)) read.add(node.expression);
    else if (isProperty(node) && !written.has(node) && reading.includes(node.property.text))
      read.add(node.expression);
  }
  return all.filter(isIdentifier).every((node) => node.text !== name.text || read.has(node));
}

function isAssignment(node: assemblyscript.BinaryExpression): boolean {
  return (
    node.operator >= assemblyscript.Token.Equals &&
    assemblyscript.operatorTokenToString(node.operator).endsWith("=") &&
    !["==", "===", "!=", "!==", "<=", ">="].includes(assemblyscript.operatorTokenToString(node.operator))
  );
}

function isUnary(node: Node): node is assemblyscript.UnaryPrefixExpression {
  return (
    node.kind === assemblyscript.NodeKind.UnaryPrefix || node.kind === assemblyscript.NodeKind.UnaryPostfix
  );
}

function isBinary(node: Node): node is assemblyscript.BinaryExpression {
  return node.kind === assemblyscript.NodeKind.Binary;
}

function isElement(node: Node): node is assemblyscript.ElementAccessExpression {
  return node.kind === assemblyscript.NodeKind.ElementAccess;
}
