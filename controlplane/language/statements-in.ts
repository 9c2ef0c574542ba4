import type { Call, Expression, Statement } from "./policy.ts";

/** All statements of a body, those inside other ones after them. */
export function statementsIn(body: readonly Statement[]): readonly Statement[] {
  return body.flatMap((statement) =>
    statement.kind === "if"
      ? [statement, ...statementsIn(statement.then), ...statementsIn(statement.else)]
      : [statement],
  );
}

/** All calls of a body: statements, and those within expressions. */
export function callsIn(body: readonly Statement[]): readonly Call[] {
  return statementsIn(body).flatMap((statement) => {
    switch (statement.kind) {
      case "do":
        return callsWithin(statement.call);
      case "let":
        return callsWithin(statement.value);
      case "if":
        return callsWithin(statement.condition);
      case "return":
        return [];
      default:
        return statement satisfies never;
    }
  });
}

/** A call's arguments come before it. */
function callsWithin(expression: Expression): readonly Call[] {
  const inner = partsOf(expression).flatMap(callsWithin);
  return expression.kind === "call" ? [...inner, expression] : inner;
}

/** The expressions that one is made of. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "call":
      return expression.arguments;
    case "unary":
    case "convert":
      return [expression.operand];
    case "binary":
      return [expression.left, expression.right];
    default:
      return [];
  }
}

/** The text of a call's argument that must be a literal; "" where it has none. */
export function textOf(call: Call, index: number): string {
  const argument = call.arguments[index];
  return argument?.kind === "literal" ? String(argument.value) : "";
}
