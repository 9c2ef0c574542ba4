import { ofFloats, ofInts, wrapped } from "./calculate.ts";
import type { Expression, Literal } from "./policy.ts";
import type { Local } from "./scope.ts";

/**
 * The value of an expression that is the same for every request: of literals, of what `let` has made of some, and of signs and arithmetic
 * between them. Undefined where it depends on anything else, a parameter too.
 */
export function constantOf(
  value: Expression,
  locals: ReadonlyMap<string, Local>,
): Literal["value"] | undefined {
  switch (value.kind) {
    case "literal":
      return value.value;
    case "local":
      return locals.get(value.name)?.constant;
    case "convert": {
      const operand = constantOf(value.operand, locals);
      return value.type === "float" && typeof operand === "bigint" ? Number(operand) : operand;
    }
    case "unary": {
      const operand = constantOf(value.operand, locals);
      if (typeof operand === "bigint") return wrapped(-operand);
      if (typeof operand === "number") return -operand;
      return undefined;
    }
    case "binary": {
      const left = constantOf(value.left, locals);
      const right = constantOf(value.right, locals);
      if (typeof left === "bigint" && typeof right === "bigint") return ofInts(value.operator, left, right);
      if (typeof left === "number" && typeof right === "number") return ofFloats(value.operator, left, right);
      if (typeof left === "string" && typeof right === "string" && value.operator === "+")
        return left + right;
      return undefined;
    }
    case "parameter":
    case "call":
      return undefined;
    default:
      return value satisfies never;
  }
}
