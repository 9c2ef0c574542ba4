import type { Call, Expression } from "../language/policy.ts";
import { literalValue, operate, type TrialValue } from "./trial-value.ts";

/** What an expression is worked out in. */
export interface Surroundings {
  local(name: string): TrialValue;
  parameter(name: string): TrialValue;
  /** What a call yields, whose arguments were worked out. */
  call(call: Call, given: readonly TrialValue[]): TrialValue;
}

export function evaluate(expression: Expression, surroundings: Surroundings): TrialValue {
  const value = (part: Expression): TrialValue => evaluate(part, surroundings);
  switch (expression.kind) {
    case "literal":
      return literalValue(expression);
    case "local":
      return surroundings.local(expression.name);
    case "parameter":
      return surroundings.parameter(expression.name);
    case "call":
      return surroundings.call(expression, expression.arguments.map(value));
    case "convert": {
      const operand = value(expression.operand);
      return expression.type === "float" && typeof operand === "bigint" ? Number(operand) : (operand ?? "");
    }
    case "unary": {
      const operand = value(expression.operand);
      if (expression.operator === "!") return operand !== true;
      return typeof operand === "bigint" ? BigInt.asIntN(64, -operand) : -Number(operand);
    }
    case "binary": {
      const { operator, left, right } = expression;
      // What need not be known is not worked out.
      if (operator === "&&") return value(left) === true && value(right) === true;
      if (operator === "||") return value(left) === true || value(right) === true;
      if (operator === "??") return value(left) ?? value(right);
      return operate(operator, value(left), value(right));
    }
    default:
      return expression satisfies never;
  }
}
