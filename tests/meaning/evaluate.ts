import assert from "node:assert/strict";
import type { Call, Expression, Literal, Statement } from "../../controlplane/language/policy.ts";
import { actions } from "./actions.ts";
import { utf8 } from "./bytes.ts";
import { Done, type Run, type Value } from "./run.ts";

/** Names of `let` and their values, of this block and those around it. */
type Locals = ReadonlyMap<string, Value>;

/** Values of a policy's parameters that are not their defaults. */
export type Parameters = ReadonlyMap<string, Value>;

/** Do statements in order. A `let` is known to the statements after it in its block. */
export function perform(
  statements: readonly Statement[],
  run: Run,
  parameters: Parameters,
  around: Locals = new Map(),
): void {
  const locals = new Map(around);
  const value = (expression: Expression): Value => evaluate(expression, { run, locals, parameters });
  for (const statement of statements) {
    switch (statement.kind) {
      case "do":
        value(statement.call);
        break;
      case "let":
        locals.set(statement.name, value(statement.value));
        break;
      case "if": {
        const branch = value(statement.condition) === true ? statement.then : statement.else;
        perform(branch, run, parameters, locals);
        break;
      }
      case "return":
        throw new Done();
      default:
        statement satisfies never;
    }
  }
}

interface Scope {
  readonly run: Run;
  readonly locals: Locals;
  readonly parameters: Parameters;
}

function evaluate(expression: Expression, scope: Scope): Value {
  switch (expression.kind) {
    case "literal":
      return literal(expression);
    case "local":
      assert(scope.locals.has(expression.name), `no local ${expression.name}`);
      return scope.locals.get(expression.name);
    case "parameter": {
      const { policy } = scope.run;
      const declared = policy.parameters.find(({ name }) => name === expression.name);
      assert(declared !== undefined, `no parameter ${expression.name}`);
      return scope.parameters.get(expression.name) ?? literal(declared.default);
    }
    case "call":
      return call(expression, scope);
    case "convert": {
      const value = evaluate(expression.operand, scope);
      if (expression.type === "float" && typeof value === "bigint") return Number(value);
      return value ?? "";
    }
    case "unary": {
      const value = evaluate(expression.operand, scope);
      scope.run.travel.tally(`unary ${expression.operator}`);
      if (expression.operator === "!") return value !== true;
      assert(typeof value === "bigint" || typeof value === "number", "the negated is a number");
      return typeof value === "bigint" ? wrap(-value) : -value;
    }
    case "binary":
      return binary(expression, scope);
    default:
      return expression satisfies never;
  }
}

function call(expression: Call, scope: Scope): Value {
  const action = actions[expression.action];
  assert(action !== undefined, `the interpreter has no ${expression.action}`);
  const values = expression.arguments.map((argument) => evaluate(argument, scope));
  scope.run.travel.tally(expression.action);
  const { state } = expression;
  return action({ run: scope.run, values, ...(state === undefined ? {} : { state }) });
}

function binary(expression: Expression & { readonly kind: "binary" }, scope: Scope): Value {
  const { operator } = expression;
  const left = evaluate(expression.left, scope);
  scope.run.travel.tally(operator);
  // What need not be known is not evaluated: it may have an effect.
  if (operator === "&&") return left === true && evaluate(expression.right, scope) === true;
  if (operator === "||") return left === true || evaluate(expression.right, scope) === true;
  if (operator === "??") return left ?? evaluate(expression.right, scope);
  const right = evaluate(expression.right, scope);
  switch (operator) {
    case "==":
      return isEqual(left, right);
    case "!=":
      return !isEqual(left, right);
    case "<":
      return compare(left, right, (a, b) => a < b);
    case "<=":
      return compare(left, right, (a, b) => a <= b);
    case ">":
      return compare(left, right, (a, b) => a > b);
    case ">=":
      return compare(left, right, (a, b) => a >= b);
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
      return calculate(operator, left, right);
    default:
      return operator satisfies never;
  }
}

function isEqual(left: Value, right: Value): boolean {
  // An absent value equals nothing, not even another one.
  return left !== undefined && right !== undefined && left === right;
}

type Ordered = string | bigint | number;

function compare(left: Value, right: Value, holds: (a: Ordered, b: Ordered) => boolean): boolean {
  if (left === undefined || right === undefined) return false;
  assert(typeof left === typeof right && typeof left !== "boolean", "what is compared is of one type");
  return holds(left, right as Ordered);
}

function calculate(operator: "+" | "-" | "*" | "/" | "%", left: Value, right: Value): Value {
  if (typeof left === "bigint" && typeof right === "bigint") return wrap(ofInts(operator, left, right));
  if (typeof left === "number" && typeof right === "number") return ofFloats(operator, left, right);
  assert(
    operator === "+" && typeof left === "string" && typeof right === "string",
    `no ${operator} of these`,
  );
  return left + right;
}

function ofInts(operator: "+" | "-" | "*" | "/" | "%", left: bigint, right: bigint): bigint {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return right === 0n ? 0n : left / right;
    case "%":
      return right === 0n ? 0n : left % right;
    default:
      return operator satisfies never;
  }
}

function ofFloats(operator: "+" | "-" | "*" | "/" | "%", left: number, right: number): number {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "%":
      return left % right;
    default:
      return operator satisfies never;
  }
}

/** 64 bits, two's complement. */
function wrap(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

function literal({ value, type }: Literal): Value {
  if (typeof value === "string") return utf8(value);
  // A whole number may stand where a float is meant, and the other way round in what JavaScript calls a number.
  return typeof value === "number" && (type === "int" || type === "duration") ? BigInt(value) : value;
}
