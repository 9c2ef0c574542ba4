import * as assemblyscript from "assemblyscript";
import {
  isCall,
  isFunctionLike,
  isIdentifier,
  isProperty,
  isTernary,
  isVariables,
  isWrapper,
  type Node,
  nodesIn,
  parentsIn,
} from "./tree.ts";

type Function = assemblyscript.FunctionDeclaration | assemblyscript.MethodDeclaration;

/** What ends the stream that a callback is about, so that a pause behind it waits for nothing. */
const ending: ReadonlySet<string> = new Set(["reply", "replyBytes", "deny", "reset"]);

/** Statements that do all that stands in them. */
const unconditional: ReadonlySet<number> = new Set([
  assemblyscript.NodeKind.Expression,
  assemblyscript.NodeKind.Return,
  assemblyscript.NodeKind.Variable,
]);

const comparing: ReadonlySet<number> = new Set([
  assemblyscript.Token.Equals_Equals,
  assemblyscript.Token.Equals_Equals_Equals,
  assemblyscript.Token.Exclamation_Equals,
  assemblyscript.Token.Exclamation_Equals_Equals,
]);

/**
 * The names of those of these functions that may pause what their callback is about, and has not been answered: by `Flow.Pause` themselves, or by what
 * another one of them does. Two of one name, as in several files, count as one.
 */
export function pausingAmong(functions: readonly Function[]): ReadonlySet<string> {
  const looked = functions.map(bodyOf);
  const answering = answeringAmong(looked);
  const constants = constantsAmong(functions);
  return closure((known) =>
    looked.flatMap(({ name, all, parents, isOwn }) => {
      const pauses = (node: Node): boolean =>
        isPause(node) || (isIdentifier(node) && constants.has(node.text))
          ? !isCompared(parents.get(node))
          : isCall(node) && known.has(calleeOf(node) ?? "");
      const isPausing = all.some(
        (node) => pauses(node) && isOwn(node) && !isAnswered(node, parents, answering),
      );
      return isPausing ? [name] : [];
    }),
  );
}

/** The same for who must miss none: also those of which a result does not say, as one that is read from a list. */
export function mayPauseAmong(functions: readonly Function[]): ReadonlySet<string> {
  const looked = functions.map(bodyOf);
  const names = new Set(looked.map(({ name }) => name));
  const constants = constantsAmong(functions);
  const unclear = closure((known) => {
    const isClear = (value: Node): boolean => {
      if (isWrapper(value)) return isClear(value.expression);
      if (isTernary(value)) return isClear(value.ifThen) && isClear(value.ifElse);
      if (isIdentifier(value)) return constants.has(value.text);
      if (isProperty(value)) return isPause(value) || value.property.text === "Continue";
      const callee = isCall(value) ? (calleeOf(value) ?? "") : "";
      return names.has(callee) && !known.has(callee);
    };
    return looked
      .filter(({ all, isOwn }) =>
        all.some((node) => isReturn(node) && isOwn(node) && !hasClearValue(node, isClear)),
      )
      .map(({ name }) => name);
  });
  return new Set([...pausingAmong(functions), ...unclear]);
}

function hasClearValue(node: Node, isClear: (value: Node) => boolean): boolean {
  const { value } = node as assemblyscript.ReturnStatement;
  return value === null || isClear(value);
}

/** What is a pause by another name, at the top of the files of these. */
function constantsAmong(functions: readonly Function[]): ReadonlySet<string> {
  return new Set(
    [...new Set(functions.map(({ range }) => range.source))]
      .flatMap(({ statements }) => statements.filter(isVariables))
      .flatMap(({ declarations }) => declarations)
      .filter(({ initializer }) => initializer !== null && isPause(initializer))
      .map(({ name }) => name.text),
  );
}

/** What follows from what is known, as long as there is more. */
function closure(next: (known: ReadonlySet<string>) => readonly string[]): ReadonlySet<string> {
  let known: ReadonlySet<string> = new Set();
  for (;;) {
    const more = new Set(next(known));
    if (more.size === known.size) return known;
    known = more;
  }
}

/** The names of those that end the stream on no condition. */
function answeringAmong(looked: readonly Looked[]): ReadonlySet<string> {
  return closure((known) => looked.filter(({ top }) => oneEnds(top, known)).map(({ name }) => name));
}

/** Whether one of these ends the stream. Behind a `return` it depends on that. */
function oneEnds(statements: readonly Node[], answering: ReadonlySet<string>): boolean {
  const first = statements.find(
    (statement) => endsStream(statement, answering) || nodesIn([statement]).some(isReturn),
  );
  return first !== undefined && endsStream(first, answering);
}

interface Looked {
  readonly name: string;
  readonly all: readonly Node[];
  readonly parents: ReadonlyMap<Node, Node>;
  /** Its statements, without those in others. */
  readonly top: readonly Node[];
  /** Whether this is not in a function that it makes, which is called at another time. */
  isOwn(node: Node): boolean;
}

function bodyOf(declaration: Function): Looked {
  const all = nodesIn([declaration]);
  const parents = parentsIn(all);
  return {
    name: declaration.name.text,
    all,
    parents,
    top: statementsOf(declaration.body ?? undefined),
    isOwn(node) {
      for (let at = parents.get(node); at !== undefined && at !== declaration; at = parents.get(at))
        if (isFunctionLike(at)) return false;
      return true;
    },
  };
}

/** Whether, wherever this comes to be done, the stream has been answered: by a statement before it, or before what it stands in. */
function isAnswered(node: Node, parents: ReadonlyMap<Node, Node>, answering: ReadonlySet<string>): boolean {
  for (let at = node, above = parents.get(at); above !== undefined; at = above, above = parents.get(at)) {
    const before = statementsOf(above);
    const place = before.indexOf(at);
    if (before.slice(0, Math.max(place, 0)).some((statement) => endsStream(statement, answering)))
      return true;
  }
  return false;
}

/** Whether this ends the stream on no condition, or on one and on its opposite. */
function endsStream(statement: Node, answering: ReadonlySet<string>): boolean {
  if (statement.kind === assemblyscript.NodeKind.Block) return oneEnds(statementsOf(statement), answering);
  if (statement.kind === assemblyscript.NodeKind.If) {
    const { ifTrue, ifFalse } = statement as assemblyscript.IfStatement;
    return ifFalse !== null && [ifTrue, ifFalse].every((branch) => endsStream(branch, answering));
  }
  if (!unconditional.has(statement.kind)) return false;
  const all = nodesIn([statement]);
  const parents = parentsIn(all);
  const isLater = (node: Node): boolean => {
    for (let at = parents.get(node); at !== undefined; at = parents.get(at))
      if (isFunctionLike(at)) return true;
    return false;
  };
  return all.filter(isCall).some((call) => {
    const name = calleeOf(call) ?? "";
    return (ending.has(name) || answering.has(name)) && !isLater(call);
  });
}

function statementsOf(node: Node | undefined): readonly Node[] {
  if (node === undefined) return [];
  if (node.kind === assemblyscript.NodeKind.Block) return (node as assemblyscript.BlockStatement).statements;
  return node.kind === assemblyscript.NodeKind.SwitchCase
    ? (node as assemblyscript.SwitchCase).statements
    : [];
}

function calleeOf({ expression }: assemblyscript.CallExpression): string | undefined {
  if (isIdentifier(expression)) return expression.text;
  return isProperty(expression) ? expression.property.text : undefined;
}

function isReturn(node: Node): boolean {
  return node.kind === assemblyscript.NodeKind.Return;
}

function isPause(node: Node): boolean {
  return isProperty(node) && node.property.text === "Pause";
}

function isCompared(parent: Node | undefined): boolean {
  if (parent?.kind !== assemblyscript.NodeKind.Binary) return false;
  return comparing.has((parent as assemblyscript.BinaryExpression).operator);
}
