import type { CallNode, ExpressionNode, Identifier, StatementNode } from "./ast.ts";
import { checkCall, checkCondition, checkExpression } from "./check-expression.ts";
import { constantOf } from "./constant-of.ts";
import { actionOf, usageOf } from "./lookup.ts";
import { suggest } from "./nearest.ts";
import type { Section, Side, Statement } from "./policy.ts";
import type { Scope } from "./scope.ts";

/** Statements under one heading, wherever it stands, are one section. */
export function checkSections(statements: readonly StatementNode[], scope: Scope): readonly Section[] {
  const headed = statements.findIndex((node) => node.kind === "heading");
  const unheaded = headed === -1 ? statements : statements.slice(0, headed);
  const written = new Map<Side, StatementNode[]>([[sideOf(unheaded, scope), []]]);
  const [free = "either"] = written.keys();
  let side: Side | undefined;
  for (const node of statements) {
    if (node.kind === "heading") side = readHeading(node.name, scope) ?? side;
    else {
      const place = side ?? free;
      written.set(place, [...(written.get(place) ?? []), node]);
    }
  }
  return [...written]
    .map(([place, body]): Section => ({ side: place, body: checkBlock(body, place, scope) }))
    .filter(({ body }) => body.length > 0);
}

/**
 * Where statements without a heading belong. What can be done on one side only needs no heading to say so, and what stands beside it
 * must keep its order. State that outlives a request is at ingress, with a warning, because a limit for each caller and one for each
 * callee are different meanings (design §4).
 */
function sideOf(statements: readonly StatementNode[], scope: Scope): Side {
  const calls = statements.flatMap(callsIn);
  const bound = calls
    .map((call) => scope.act && actionOf(scope.offered, scope.act, call.name.text)?.side)
    .find((side) => side !== undefined);
  if (bound !== undefined) return bound;
  const stateful = calls.find((call) => {
    const [first] = call.arguments;
    return first?.kind === "name" && scope.states.has(first.value);
  });
  if (stateful === undefined) return "either";
  scope.reporter.report(
    "CUP0221",
    stateful.span,
    "state without a heading is kept where the request arrives",
    {
      severity: "warning",
      help: "write `[Ingress]` above, for one value for all callers, or `[Egress]` for one value for each caller",
    },
  );
  return "ingress";
}

/** All calls in a statement, those within expressions too. */
function callsIn(node: StatementNode): readonly CallNode[] {
  switch (node.kind) {
    case "call":
      return callsWithin(node);
    case "let":
      return callsWithin(node.value);
    case "if":
      return [...callsWithin(node.condition), ...[...node.then, ...node.else].flatMap(callsIn)];
    case "heading":
    case "return":
      return [];
    default:
      return node satisfies never;
  }
}

function callsWithin(node: ExpressionNode): readonly CallNode[] {
  switch (node.kind) {
    case "call":
      return [node, ...node.arguments.flatMap(callsWithin)];
    case "unary":
      return callsWithin(node.operand);
    case "binary":
      return [...callsWithin(node.left), ...callsWithin(node.right)];
    default:
      return [];
  }
}

function readHeading(name: Identifier, { reporter }: Scope): Side | undefined {
  if (name.text === "Ingress") return "ingress";
  if (name.text === "Egress") return "egress";
  reporter.report("CUP0103", name.span, `expected \`Ingress\` or \`Egress\`, found \`${name.text}\``, {
    ...suggest(name.text, ["Ingress", "Egress"], "a heading is `[Ingress]` or `[Egress]`", name.span),
  });
  return undefined;
}

/** Statements with a scope of their own: what `let` names here is not known outside. */
function checkBlock(nodes: readonly StatementNode[], side: Side, outer: Scope): readonly Statement[] {
  const locals = new Map(outer.locals);
  const scope = { ...outer, locals };
  const statements: Statement[] = [];
  let isOver = false;
  let isSaid = false;
  for (const node of nodes) {
    if (isOver && !isSaid) {
      isSaid = true;
      const span = node.kind === "heading" ? node.name.span : node.span;
      scope.reporter.report("CUP0220", span, "this is never reached", {
        severity: "warning",
        label: "the policy is done before",
        help: "remove it, or what ends the policy above it",
      });
    }
    const statement = checkStatement(node, side, scope);
    if (statement === undefined) {
      // What comes later must not also complain that the name is unknown.
      if (node.kind === "let") scope.broken.add(node.name.text);
      continue;
    }
    if (statement.kind === "let") {
      const { type, isOptional } = statement.value;
      const constant = constantOf(statement.value, locals);
      if (type !== undefined)
        locals.set(statement.name, { type, isOptional, ...(constant === undefined ? {} : { constant }) });
    }
    if (!isOver) statements.push(statement);
    isOver ||= ends(statement);
  }
  return statements;
}

/** Whether nothing after this statement is reached. */
function ends(statement: Statement): boolean {
  switch (statement.kind) {
    case "return":
      return true;
    case "do":
      return statement.call.action === "Deny";
    case "if":
      return statement.then.some(ends) && statement.else.some(ends);
    default:
      return false;
  }
}

function checkStatement(node: StatementNode, side: Side, scope: Scope): Statement | undefined {
  const { reporter } = scope;
  switch (node.kind) {
    case "heading":
      reporter.report("CUP0210", node.name.span, `heading \`[${node.name.text}]\` stands inside a block`, {
        help: "headings stand directly in the policy's braces",
      });
      return undefined;
    case "if": {
      const condition = checkCondition(node.condition, scope);
      const then = checkBlock(node.then, side, scope);
      const otherwise = checkBlock(node.else, side, scope);
      return condition && { kind: "if", condition, then, else: otherwise, span: node.span };
    }
    case "let":
      return checkLet(node, scope);
    case "return":
      return node;
    case "call":
      return checkAction(node, side, scope);
    default:
      return node satisfies never;
  }
}

function checkLet(node: Extract<StatementNode, { kind: "let" }>, scope: Scope): Statement | undefined {
  const name = node.name.text;
  const value = checkExpression(node.value, scope);
  if (
    scope.locals.has(name) ||
    scope.parameters.has(name) ||
    scope.states.has(name) ||
    name === scope.self ||
    name === "true" ||
    name === "false"
  ) {
    scope.reporter.report("CUP0222", node.name.span, `there is a \`${name}\` already`, {
      help: "choose another name: a value is given once",
    });
    return undefined;
  }
  return value && { kind: "let", name, value, span: node.span };
}

function checkAction(node: CallNode, side: Side, scope: Scope): Statement | undefined {
  const { reporter } = scope;
  const signature = scope.act && actionOf(scope.offered, scope.act, node.name.text);
  const call = checkCall(node, scope);
  if (call === undefined) return undefined;
  // Some actions do something and also say how it went: those of states may stand alone.
  if (call.type !== undefined && (call.state === undefined || isQuestion(call.action))) {
    const usage = signature ? usageOf(signature, scope.self ?? "request") : `${node.name.text}(…)`;
    const help =
      call.type === "bool"
        ? `ask it: \`if (${usage}) { … }\``
        : `compare it: \`if (${usage} == ${call.type === "string" ? '"value"' : "…"}) { … }\``;
    reporter.report("CUP0204", node.span, `\`${node.name.text}\` yields a value and does nothing by itself`, {
      help,
    });
    return undefined;
  }
  if (
    signature?.side !== undefined &&
    call.state === undefined &&
    side !== "either" &&
    side !== signature.side
  ) {
    const heading = signature.side === "egress" ? "[Egress]" : "[Ingress]";
    reporter.report("CUP0210", node.name.span, `\`${node.name.text}\` cannot be done at ${side}`, {
      help: `move it under \`${heading}\``,
    });
  }
  return { kind: "do", call, span: node.span };
}

/** An action of a state that changes nothing. */
function isQuestion(action: string): boolean {
  const [, name = ""] = action.split(".");
  return /^(Get|Is)/.test(name);
}
