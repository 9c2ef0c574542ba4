import type { Call, CopperPolicy, Expression } from "../language/policy.ts";
import { partsOf } from "../language/statements-in.ts";
import { evaluate } from "./evaluate.ts";
import { literalValue, type TrialValue, textOfBytes, valueFunction } from "./trial-value.ts";

/** An expression without names. */
export function closed(expression: Expression, locals: ReadonlyMap<string, Expression>): Expression {
  const close = (part: Expression): Expression => closed(part, locals);
  switch (expression.kind) {
    case "local":
      return locals.get(expression.name) ?? expression;
    case "call":
      return { ...expression, arguments: expression.arguments.map(close) };
    case "unary":
    case "convert":
      return { ...expression, operand: close(expression.operand) };
    case "binary":
      return { ...expression, left: close(expression.left), right: close(expression.right) };
    default:
      return expression;
  }
}

/** What a parameter is here: what a parameter file says of it is its default already. */
export function parameterValue({ parameters }: CopperPolicy, name: string): TrialValue {
  const declared = parameters.find((parameter) => parameter.name === name);
  return declared && literalValue(declared.default);
}

/** Whether it is the same for all requests of a call. */
export function isConstant(expression: Expression): boolean {
  const isOfValues = (call: Call): boolean =>
    call.action.includes(".") ? call.state === undefined : ["GetCaller", "GetCallee"].includes(call.action);
  return (expression.kind !== "call" || isOfValues(expression)) && partsOf(expression).every(isConstant);
}

/** The text that an expression without names is, whatever a request is like; undefined where it depends on that. */
export function constantText(expression: Expression, policy: CopperPolicy): string | undefined {
  if (!isConstant(expression)) return undefined;
  const value = evaluate(expression, {
    local: () => undefined,
    parameter: (name) => parameterValue(policy, name),
    // Who calls whom is asked of a call.
    call: (made, given) => valueFunction(made.action, given)?.value,
  });
  return typeof value === "string" ? textOfBytes(value) : undefined;
}
