import * as assemblyscript from "assemblyscript";
import {
  isCall,
  isClass,
  isExported,
  isField,
  isIdentifier,
  isImport,
  isList,
  isLiteral,
  isNamespace,
  isNew,
  isProperty,
  isVariables,
  type Node,
  nodesIn,
} from "./tree.ts";

/** What of a list can be asked without changing it. */
const reading = ["includes", "indexOf", "lastIndexOf", "length", "join", "at"];

/** What the SDK keeps in memory of its own: of a stream until that has gone, and what a filter only adds to. */
const ofTheSdk: readonly string[] = ["PerStream", "Counter", "Gauge", "Histogram"];
const SDK = "proxy-wasm-as";
const numbers = /^(?:[iu](?:8|16|32|64|size)|f32|f64|bool|number|boolean)$/;

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

/** Something that filter code keeps from one callback to the next. */
export interface State {
  readonly name: assemblyscript.IdentifierExpression;
  /** The same behind the namespaces and the class in which it stands, with points between. */
  readonly path: string;
  /** Whether it may refer to what a callback made. A number does not. */
  readonly isObject: boolean;
}

/** What is asked of the file that a declaration stands in. */
interface File {
  readonly all: readonly Node[];
  readonly ofSdk: ReadonlySet<string>;
  readonly isAlone: boolean;
}

/** What filter code keeps outside of functions. Where a file is not alone, others may change what it exports. */
export function stateIn(
  statements: readonly assemblyscript.Statement[],
  { isAlone }: { readonly isAlone: boolean },
): readonly State[] {
  const all = nodesIn(statements);
  const file: File = { all, ofSdk: namesOfSdk(all), isAlone };
  const inside = (each: readonly assemblyscript.Statement[], path: string): readonly State[] =>
    each.flatMap((statement) => {
      if (isNamespace(statement)) return inside(statement.members, `${path}${statement.name.text}.`);
      if (isClass(statement)) {
        const { name, members } = statement;
        return members
          .filter(isField)
          .filter((field) => field.is(assemblyscript.CommonFlags.Static))
          .filter((field) => !field.is(assemblyscript.CommonFlags.Readonly) || isKept(field, file))
          .map((field) => toState(field, `${path}${name.text}.`));
      }
      if (!isVariables(statement)) return [];
      return statement.declarations
        .filter(
          (declaration) => !declaration.is(assemblyscript.CommonFlags.Const) || isKept(declaration, file),
        )
        .map((declaration) => toState(declaration, path));
    });
  return inside(statements, "");
}

/** Whether this may hold anything but a number. */
export function mayRefer({ type, initializer }: assemblyscript.VariableLikeDeclarationStatement): boolean {
  return !isNumber(type) && !(initializer !== null && isNumeric(initializer));
}

function toState(declaration: assemblyscript.VariableLikeDeclarationStatement, path: string): State {
  const { name } = declaration;
  return { name, path: `${path}${name.text}`, isObject: mayRefer(declaration) };
}

function isNumber(type: assemblyscript.TypeNode | null): boolean {
  return type !== null && numbers.test(textOf(type));
}

/** Whether this is a number whatever it is for: a literal, or where some static memory begins. */
function isNumeric(node: Node): boolean {
  if (isUnary(node)) return isNumeric(node.operand);
  if (isCall(node)) return /^memory\.data\b/.test(textOf(node.expression));
  if (isLiteral(node))
    return (
      node.literalKind === assemblyscript.LiteralKind.Integer ||
      node.literalKind === assemblyscript.LiteralKind.Float
    );
  return node.kind === assemblyscript.NodeKind.True || node.kind === assemblyscript.NodeKind.False;
}

function textOf({ range }: Node): string {
  return range.source.text.slice(range.start, range.end);
}

/** With points between its parts. */
function nameOf({ identifier, next }: assemblyscript.TypeName): string {
  return next === null ? identifier.text : `${identifier.text}.${nameOf(next)}`;
}

/** How the file names what the SDK keeps by itself: `Counter` may be somebody's own. */
function namesOfSdk(all: readonly Node[]): ReadonlySet<string> {
  const names = all
    .filter(isImport)
    .filter(({ path }) => path.value === SDK)
    .flatMap(({ declarations, namespaceName }) => [
      ...(declarations ?? [])
        .filter(({ foreignName }) => ofTheSdk.includes(foreignName.text))
        .map(({ name }) => name.text),
      ...(namespaceName === null ? [] : ofTheSdk.map((name) => `${namespaceName.text}.${name}`)),
    ]);
  // One of a namespace hides what was imported.
  const own = new Set(all.filter((node) => isClass(node) || isNamespace(node)).map(({ name }) => name.text));
  return new Set(names.filter((name) => !own.has(name.split(".", 1)[0] ?? "")));
}

/** Whether a constant holds something that can change. */
function isKept(
  declaration: assemblyscript.VariableLikeDeclarationStatement,
  { all, ofSdk, isAlone }: File,
): boolean {
  const { initializer, type } = declaration;
  if (!initializer || initializer.kind === assemblyscript.NodeKind.Function || isNumber(type)) return false;
  if (isNew(initializer) && ofSdk.has(nameOf(initializer.typeName))) return false;
  if (isListOfPlain(initializer))
    return (!isAlone && isExported(declaration)) || !isOnlyRead(declaration, all);
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
function isOnlyRead(
  declaration: assemblyscript.VariableLikeDeclarationStatement,
  all: readonly Node[],
): boolean {
  const { name } = declaration;
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
    // A name behind a point, or of a field, means no constant but one that is exported from a namespace.
    if (isField(declaration) || declaration.is(assemblyscript.CommonFlags.Export)) continue;
    if (isProperty(node)) read.add(node.property);
    else if (isField(node)) read.add(node.name);
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
