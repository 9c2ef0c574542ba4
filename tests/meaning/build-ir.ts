import type { BinaryOperator } from "../../controlplane/language/ast.ts";
import type {
  Call,
  CopperPolicy,
  Expression,
  Literal,
  Statement,
} from "../../controlplane/language/policy.ts";

/** Checked policies written by hand, for the tests of the interpreter: they need neither parser nor checker. */

const span = { start: 0, end: 0 } as const;

type Operand = Expression | string | bigint | number | boolean;

/** A string, an `int` (bigint), a float (number) or a bool. */
export function literal(value: string | bigint | number | boolean): Literal {
  const type =
    typeof value === "string"
      ? "string"
      : typeof value === "bigint"
        ? "int"
        : typeof value === "number"
          ? "float"
          : "bool";
  return { kind: "literal", type, value, isOptional: false, span };
}

/** `action` as in a checked policy, of a state with the state's name behind a colon: `Counter.Reset:total`. */
export function call(action: string, ...values: readonly Operand[]): Call {
  const [name = "", state] = action.split(":");
  return {
    kind: "call",
    action: name,
    ...(state === undefined ? {} : { state }),
    arguments: values.map(operand),
    type: "string",
    isOptional: false,
    span,
  };
}

export function act(action: string, ...values: readonly Operand[]): Statement {
  return { kind: "do", call: call(action, ...values), span };
}

export function binary(left: Operand, operator: BinaryOperator, right: Operand): Expression {
  const of = { left: operand(left), right: operand(right), type: "bool", isOptional: false, span } as const;
  return { kind: "binary", operator, ...of };
}

export function unary(operator: "!" | "-", of: Operand): Expression {
  return { kind: "unary", operator, operand: operand(of), type: "bool", isOptional: false, span };
}

export function when(
  condition: Operand,
  then: readonly Statement[],
  otherwise: readonly Statement[] = [],
): Statement {
  return { kind: "if", condition: operand(condition), then, else: otherwise, span };
}

export const end: Statement = { kind: "return", span };

/** What is not said: an enforced policy for requests, at ingress. */
export function policyOf(body: readonly Statement[], rest: Partial<CopperPolicy> = {}): CopperPolicy {
  return {
    kind: "copper",
    name: "p",
    source: { path: "p.cup", text: "" },
    span,
    act: "Request",
    context: { anchored: false, expression: { kind: "any", except: [], span } },
    contextSpan: span,
    priority: 0,
    mode: "enforce",
    onLost: "skip",
    actions: [],
    sections: [{ side: "ingress", body }],
    states: ["Counter", "Timer", "TokenBucket", "ConcurrencyLimit"].flatMap((type) => [
      { name: type.toLowerCase(), type, scope: "proxy", span },
      { name: `own${type}`, type, scope: "worker", span },
    ]),
    parameters: [],
    ...rest,
  };
}

function operand(value: Operand): Expression {
  return typeof value === "object" ? value : literal(value);
}
