import type { BinaryOperator, CallNode, ExpressionNode } from "./ast.ts";
import { checkArgumentBounds } from "./check-argument-bounds.ts";
import { checkConstant } from "./check-constant.ts";
import { checkMethod } from "./check-method.ts";
import type { ConstantKind, Parameter, Signature, ValueType } from "./interface.ts";
import { actionOf, actionsOf, usageOf } from "./lookup.ts";
import { suggest } from "./nearest.ts";
import { readNumber } from "./numbers.ts";
import { phaseOf } from "./phase-of.ts";
import type { Call, Expression, Literal } from "./policy.ts";
import type { Scope } from "./scope.ts";
import type { Span } from "./source.ts";
import { standardInterface } from "./standard.ts";

const valueTypes: ReadonlySet<string> = new Set<ValueType>([
  "string",
  "bytes",
  "int",
  "float",
  "bool",
  "duration",
]);
const writers: ReadonlySet<string> = new Set(["SetHeader", "AddHeader", "RemoveHeader"]);

/** What an expression may be taken for, when it could be several things. */
export interface Wanted {
  readonly type?: ValueType;
  /** Of a bare number where a duration is wanted, as in old files: seconds for timers, milliseconds for the rest. */
  readonly unit?: "s" | "ms";
}

/** Find the type of an expression. Undefined, with a diagnostic, when it has none. */
export function checkExpression(
  node: ExpressionNode,
  scope: Scope,
  wanted: Wanted = {},
): Expression | undefined {
  switch (node.kind) {
    case "string":
      return literal("string", node.value, node.span);
    case "number":
      return checkNumber(node.value, node.span, scope, wanted);
    case "name":
      return checkName(node.value, node.span, scope);
    case "call": {
      const call = checkCall(node, scope);
      if (call === undefined) return undefined;
      const { type } = call;
      if (type !== undefined) return call;
      scope.reporter.report("CUP0204", node.span, `\`${node.name.text}\` yields no value`, {
        help: "write it as a statement of its own",
      });
      return undefined;
    }
    case "unary":
      return checkUnary(node, scope, wanted);
    case "binary":
      return checkBinary(node, scope, wanted);
    default:
      return node satisfies never;
  }
}

/** An expression of this type. What can be taken for it, is; what cannot, is said. */
export function checkTyped(
  node: ExpressionNode,
  wanted: Required<Pick<Wanted, "type">> & Wanted,
  scope: Scope,
  complaint: (found: Expression) => void = (found) => mismatch(found, wanted.type, scope),
): Expression | undefined {
  const found = checkExpression(node, scope, wanted);
  if (found === undefined) return undefined;
  const fitting = adapt(found, wanted.type);
  if (fitting === undefined) {
    complaint(found);
    return undefined;
  }
  return plain(fitting, scope);
}

/** A condition: a `bool`. */
export function checkCondition(node: ExpressionNode, scope: Scope): Expression | undefined {
  return checkTyped(node, { type: "bool" }, scope, (found) => notACondition(node.span, found.type, scope));
}

function notACondition(span: Span, type: ValueType | undefined, scope: Scope): void {
  const what = type === undefined ? "" : `: it is ${article(type)}`;
  scope.reporter.report("CUP0211", span, `this is not a condition${what}`, {
    help: 'compare it with something, as in `GetHeader(request, "name") == "value"`',
  });
}

function mismatch(found: Expression, wanted: ValueType, scope: Scope): void {
  scope.reporter.report(
    "CUP0216",
    found.span,
    `expected ${article(wanted)} here, found ${article(found.type ?? "string")}`,
    {
      help: conversionHelp(found.type, wanted),
    },
  );
}

function conversionHelp(found: ValueType | undefined, wanted: ValueType): string {
  if (found === "string" && wanted === "int") return "turn it into a number with `ToInt(text, 0)`";
  if (found === "int" && wanted === "string") return "turn it into text with `ToString(number)`";
  if (wanted === "duration") return "write a number with its unit, as in `250ms` or `60s`";
  if (wanted === "string") return 'write `"text"` or `GetHeader(request, "name")`';
  if (wanted === "bool") return "compare it with something";
  return `write ${article(wanted)}`;
}

function article(type: ValueType): string {
  return type === "int" ? "an int" : `a ${type}`;
}

/** The same value as this type, or undefined. */
function adapt(found: Expression, wanted: ValueType): Expression | undefined {
  if (found.type === wanted) return found;
  if (found.type !== "int" || wanted !== "float") return undefined;
  if (found.kind === "literal") return literal("float", Number(found.value), found.span);
  return { kind: "convert", operand: found, type: "float", isOptional: false, span: found.span };
}

/** An optional value as a plain one, with a warning that it may be absent. */
function plain(found: Expression, scope: Scope): Expression {
  const { type } = found;
  if (!found.isOptional || type === undefined) return found;
  scope.reporter.report(
    "CUP0217",
    found.span,
    "this value may be absent, and is taken as an empty one then",
    {
      severity: "warning",
      help: 'say what to take instead, as in `GetHeader(request, "name") ?? ""`',
    },
  );
  return { kind: "convert", operand: found, type, isOptional: false, span: found.span };
}

function literal(type: ValueType, value: Literal["value"], span: Span): Literal {
  return { kind: "literal", type, value, isOptional: false, span };
}

function checkNumber(text: string, span: Span, scope: Scope, wanted: Wanted): Literal | undefined {
  const unit = wanted.type === "duration" ? wanted.unit : undefined;
  const number = readNumber(unit !== undefined && /^-?[0-9.]+$/.test(text) ? text + unit : text);
  if (number.kind === "wrong") {
    scope.reporter.report("CUP0218", span, number.message, { help: number.help });
    return undefined;
  }
  return literal(number.kind, number.value, span);
}

/** How other languages call what is absent. */
const nothing: ReadonlySet<string> = new Set(["null", "nil", "none", "None", "undefined"]);

function checkName(name: string, span: Span, scope: Scope): Expression | undefined {
  if (name === "true" || name === "false") return literal("bool", name === "true", span);
  const local = scope.locals.get(name);
  if (local) return { kind: "local", name, type: local.type, isOptional: local.isOptional, span };
  const parameter = scope.parameters.get(name);
  if (parameter) return { kind: "parameter", name, type: parameter.type, isOptional: false, span };
  if (scope.broken.has(name)) return undefined;
  const isReceiver = name === scope.self || scope.states.has(name);
  const known = [...scope.locals.keys(), ...scope.parameters.keys(), "true", "false"];
  scope.reporter.report(
    "CUP0219",
    span,
    isReceiver ? `\`${name}\` is not a value` : `unknown name \`${name}\``,
    isReceiver
      ? { help: `ask it for something, as in \`${exampleOf(name, scope)}\`` }
      : nothing.has(name)
        ? {
            help: 'ask `HasHeader(request, "name")` whether it is there, or say with `??` what to take when it is not',
          }
        : suggest(name, known, `give it a value before: \`let ${name} = …;\``, span),
  );
  return undefined;
}

function exampleOf(name: string, scope: Scope): string {
  const state = scope.states.get(name);
  const receiver = state?.type ?? scope.act;
  const value =
    receiver === undefined
      ? undefined
      : actionsOf(scope.offered, receiver)
          .map((action) => actionOf(scope.offered, receiver, action))
          .find((signature) => signature?.result !== undefined);
  return value === undefined ? `GetHeader(${name}, "name")` : usageOf(value, name);
}

function checkUnary(
  node: Extract<ExpressionNode, { kind: "unary" }>,
  scope: Scope,
  wanted: Wanted,
): Expression | undefined {
  const { operator, span } = node;
  if (operator === "!") {
    const operand = checkCondition(node.operand, scope);
    return operand && { kind: "unary", operator, operand, type: "bool", isOptional: false, span };
  }
  // The least number has no positive twin.
  if (node.operand.kind === "number") return checkNumber(`-${node.operand.value}`, span, scope, wanted);
  const operand = checkExpression(node.operand, scope, wanted);
  if (operand === undefined) return undefined;
  const { type } = operand;
  if (type !== "int" && type !== "float" && type !== "duration") {
    scope.reporter.report(
      "CUP0216",
      operand.span,
      `expected a number here, found ${article(type ?? "string")}`,
      {
        help: "only numbers and durations have a sign",
      },
    );
    return undefined;
  }
  // That of the least number is the least number, as it is where it is calculated.
  if (operand.kind === "literal" && typeof operand.value === "bigint")
    return literal(type, BigInt.asIntN(64, -operand.value), span);
  if (operand.kind === "literal" && typeof operand.value === "number")
    return literal(type, -operand.value, span);
  return { kind: "unary", operator, operand, type, isOptional: false, span };
}

type BinaryNode = Extract<ExpressionNode, { kind: "binary" }>;

function checkBinary(node: BinaryNode, scope: Scope, wanted: Wanted): Expression | undefined {
  const { operator } = node;
  switch (operator) {
    case "&&":
    case "||": {
      const left = checkCondition(node.left, scope);
      const right = checkCondition(node.right, scope);
      return left && right && binary(node, left, right, "bool");
    }
    case "??": {
      const left = checkExpression(node.left, scope);
      const right = checkExpression(node.right, scope);
      if (!left || !right) return undefined;
      if (!left.isOptional) {
        scope.reporter.report("CUP0216", left.span, "this value is never absent", {
          help: "leave out `??` and what follows it",
        });
        return undefined;
      }
      if (left.type !== right.type) {
        mismatch(right, left.type ?? "string", scope);
        return undefined;
      }
      return { ...binary(node, left, right, left.type ?? "string"), isOptional: right.isOptional };
    }
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=": {
      const pair = alike(node, scope, {});
      if (!pair) return undefined;
      const [left, right] = pair;
      const ordered = left.type !== "bool" || operator === "==" || operator === "!=";
      if (!ordered) return wrongOperands(node, left, right, scope);
      return binary(node, left, right, "bool");
    }
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
      return checkArithmetic(node, scope, wanted);
    default:
      return operator satisfies never;
  }
}

/** Both operands with one type: `int` becomes `float` beside a float. */
function alike(
  node: BinaryNode,
  scope: Scope,
  wanted: Wanted,
): readonly [Expression, Expression] | undefined {
  const left = checkExpression(node.left, scope, wanted);
  const right = checkExpression(node.right, scope, wanted);
  if (!left || !right) return undefined;
  const fittingRight = left.type && adapt(right, left.type);
  if (fittingRight) return [left, fittingRight];
  const fittingLeft = right.type && adapt(left, right.type);
  if (fittingLeft) return [fittingLeft, right];
  wrongOperands(node, left, right, scope);
  return undefined;
}

function checkArithmetic(node: BinaryNode, scope: Scope, wanted: Wanted): Expression | undefined {
  const { operator } = node;
  const within = wanted.type === "duration" ? {} : wanted;
  const first = checkExpression(node.left, scope, within);
  const second = checkExpression(node.right, scope, within);
  if (!first || !second) return undefined;
  if ((operator === "/" || operator === "%") && isZero(second)) {
    scope.reporter.report("CUP0218", second.span, "nothing can be divided by 0", {
      help: "divide by something else",
    });
    return undefined;
  }
  const types = `${first.type} ${second.type}`;
  if (types === "duration int" && (operator === "*" || operator === "/"))
    return binary(node, first, second, "duration");
  if (types === "int duration" && operator === "*") return binary(node, second, first, "duration");
  const right = first.type && adapt(second, first.type);
  const left = right ? first : second.type && adapt(first, second.type);
  const other = right ?? second;
  if (!left) return wrongOperands(node, first, second, scope);
  const { type } = left;
  const fits =
    type === "int" || type === "float"
      ? operator !== "%" || type === "int"
      : type === "duration"
        ? operator === "+" || operator === "-"
        : type === "string" && operator === "+";
  if (!fits || type === undefined) return wrongOperands(node, left, other, scope);
  return binary(node, plain(left, scope), plain(other, scope), type);
}

function isZero(value: Expression): boolean {
  return value.kind === "literal" && (value.value === 0n || value.value === 0);
}

function wrongOperands(node: BinaryNode, left: Expression, right: Expression, scope: Scope): undefined {
  const bare = [left, right].find(({ kind, type }) => kind === "literal" && type === "int");
  const help =
    bare !== undefined && [left.type, right.type].includes("duration")
      ? "write the number with its unit, as in `250ms` or `60s`"
      : left.type === "string" || right.type === "string"
        ? "turn text into a number with `ToInt(text, 0)`, and a number into text with `ToString(number)`"
        : "both sides must be of one type";
  scope.reporter.report(
    "CUP0216",
    node.span,
    `\`${node.operator}\` does not go with ${article(left.type ?? "string")} and ${article(right.type ?? "string")}`,
    { help },
  );
  return undefined;
}

function binary(
  { operator, span }: { readonly operator: BinaryOperator; readonly span: Span },
  left: Expression,
  right: Expression,
  type: ValueType,
): Expression & { kind: "binary" } {
  return { kind: "binary", operator, left, right, type, isOptional: false, span };
}

/** A call with its arguments, of a statement or within an expression. */
export function checkCall(node: CallNode, scope: Scope): Call | undefined {
  const receiver = receiverOf(node, scope);
  if (receiver === undefined) return undefined;
  const { signature, action } = receiver;
  const rest = node.arguments.slice(1);
  const given = checkArguments(node, signature, rest, receiver.as, scope);
  if (!given) return undefined;
  scope.used.add(action);
  const call: Call = {
    kind: "call",
    action,
    ...(receiver.state === undefined ? {} : { state: receiver.state }),
    arguments: receiver.value === undefined ? given : [receiver.value, ...given],
    type: signature.result?.type,
    isOptional: isOptional(signature, receiver.value),
    span: node.span,
  };
  checkArgumentBounds(call, signature, scope);
  checkMethod(call, scope);
  return call;
}

/** What is asked of an absent value is absent, too; where it cannot be, it is `false`, 0 or what the action says. */
function isOptional(signature: Signature, value: Expression | undefined): boolean {
  const isText = signature.result?.type === "string" || signature.result?.type === "bytes";
  return signature.result?.isOptional === true || (isText && value?.isOptional === true);
}

interface Receiving {
  readonly signature: Signature;
  readonly action: string;
  readonly as: string;
  readonly state?: string;
  readonly value?: Expression;
}

/** What the call is done to is its first argument: the request, a state, or any value. */
function receiverOf(node: CallNode, scope: Scope): Receiving | undefined {
  const { reporter, offered } = scope;
  const [first] = node.arguments;
  const name = node.name.text;
  if (first?.kind === "name") {
    const state = scope.states.get(first.value);
    if (state) {
      const signature = find(node, state.type, scope);
      return signature && { signature, action: `${state.type}.${name}`, as: first.value, state: first.value };
    }
    if (first.value === scope.self) {
      if (scope.act === undefined) return undefined;
      const signature = find(node, scope.act, scope);
      return signature && { signature, action: name, as: first.value };
    }
    if (scope.broken.has(first.value)) return undefined;
    const isValue = scope.locals.has(first.value) || scope.parameters.has(first.value);
    if (!isValue && first.value !== "true" && first.value !== "false") {
      const receivers = [...(scope.self === undefined ? [] : [scope.self]), ...scope.states.keys()];
      const whose = scope.act && actionOf(offered, scope.act, name) ? scope.self : undefined;
      if (scope.self === undefined && scope.act === undefined) return undefined;
      reporter.report("CUP0204", first.span, `\`${first.value}\` is not what this policy handles`, {
        ...suggest(
          first.value,
          receivers,
          whose === undefined
            ? `the policy has \`${receivers.join("`, `")}\``
            : `the policy calls it \`${whose}\``,
          first.span,
        ),
      });
      return undefined;
    }
  }
  const signatureOfSelf = scope.act && actionOf(offered, scope.act, name);
  if (first === undefined || (signatureOfSelf && first.kind === "string")) {
    const known = signatureOfSelf ?? find(node, scope.act ?? "Request", scope);
    if (known) {
      reporter.report("CUP0204", first?.span ?? node.span, `\`${name}\` takes the ${nounOf(scope)} first`, {
        help: `write \`${usageOf(known, scope.self ?? "request")}\``,
      });
    }
    return undefined;
  }
  const value = checkExpression(first, scope);
  if (value?.type === undefined) return undefined;
  const signature = find(node, value.type, scope);
  return signature && { signature, action: `${value.type}.${name}`, as: "value", value };
}

function nounOf(scope: Scope): string {
  return scope.act === "Connection" ? "connection" : phaseOf(scope);
}

function find(node: CallNode, receiver: string, scope: Scope): Signature | undefined {
  const { offered, reporter } = scope;
  const signature = actionOf(offered, receiver, node.name.text);
  if (signature) return signature;
  const isAct = offered.receivers.get(receiver)?.kind === "act";
  const lacking = offered.from?.map((path) => `\`${path}\``).join(" and ");
  if (lacking !== undefined && actionOf(standardInterface, receiver, node.name.text)) {
    reporter.report(
      "CUP0203",
      node.name.span,
      `${lacking} does not offer \`${node.name.text}\` for ${isAct ? "act " : ""}\`${receiver}\``,
      {
        label: "not in what this file imports",
        help: `add it to \`${receiver}\` in ${lacking} if the data plane can do it, or do without`,
      },
    );
    return undefined;
  }
  const others = [...offered.receivers.values()].filter(
    (other) => other.name !== receiver && actionOf(offered, other.name, node.name.text),
  );
  const names = actionsOf(offered, receiver);
  const elsewhere =
    others[0] === undefined
      ? undefined
      : `\`${node.name.text}\` is an action of ${others.map(({ name }) => `\`${name}\``).join(", ")}`;
  reporter.report(
    "CUP0203",
    node.name.span,
    `unknown action \`${node.name.text}\` for ${isAct ? "act " : ""}\`${receiver}\``,
    {
      label: `not an action of \`${receiver}\``,
      ...suggest(
        node.name.text,
        names,
        elsewhere ??
          (names.length === 0 ? `\`${receiver}\` has no actions` : `there are \`${names.join("`, `")}\``),
        node.name.span,
      ),
    },
  );
  return undefined;
}

function checkArguments(
  node: CallNode,
  signature: Signature,
  rest: readonly ExpressionNode[],
  receiver: string,
  scope: Scope,
): readonly Expression[] | undefined {
  const { parameters, name } = signature;
  const help = `write \`${usageOf(signature, receiver)}\``;
  const needed = parameters.filter((parameter) => parameter.default === undefined).length;
  if (rest.length < needed || rest.length > parameters.length) {
    const count = needed === parameters.length ? `${needed}` : `${needed} to ${parameters.length}`;
    const after = receiver === "value" ? "value" : (scope.states.get(receiver)?.type ?? nounOf(scope));
    scope.reporter.report(
      "CUP0204",
      node.span,
      `\`${name}\` takes ${count} argument${count === "1" ? "" : "s"} after the ${after}, not ${rest.length}`,
      { help },
    );
    return undefined;
  }
  const checked = parameters.flatMap((parameter, index): readonly (Expression | undefined)[] => {
    const argument = rest[index];
    if (argument === undefined) return defaultOf(parameter, node.span);
    return [checkArgument(argument, parameter, signature, help, scope)];
  });
  return checked.every((argument) => argument !== undefined) ? checked : undefined;
}

function defaultOf(parameter: Parameter, span: Span): readonly Expression[] {
  const { default: value, type } = parameter;
  if (value === undefined || value === "none") return [];
  if (typeof value === "number" && (type === "int" || type === "status" || type === "limit"))
    return [literal("int", BigInt(value), span)];
  if (typeof value === "number") return [literal("float", value, span)];
  return [literal(typeof value === "boolean" ? "bool" : "string", value, span)];
}

function checkArgument(
  node: ExpressionNode,
  parameter: Parameter,
  signature: Signature,
  help: string,
  scope: Scope,
): Expression | undefined {
  const { type } = parameter;
  const wrong = (wanted: string): undefined => {
    scope.reporter.report("CUP0204", node.span, `\`${signature.name}\` takes ${wanted} here`, { help });
    return undefined;
  };
  if (isValueType(type)) {
    const unit = signature.name === "IsTimeSince" ? "s" : "ms";
    return checkTyped(node, { type, unit }, scope, (other) =>
      other.kind === "literal" ? wrong(article(type)) : mismatch(other, type, scope),
    );
  }
  const writer = writers.has(signature.name) ? { writer: signature.name } : {};
  const constant = checkConstant(node, type, { ...writer, phase: phaseOf(scope) });
  if ("wanted" in constant) return wrong(constant.wanted);
  if ("message" in constant) {
    const code = ({ header: "CUP0214", word: "CUP0204", value: "CUP0228", pattern: "CUP0226" } as const)[
      constant.about
    ];
    const { part, message, help: mend, suggestions = [] } = constant;
    scope.reporter.report(code, within(node, part, scope), message, { help: mend, suggestions });
    return undefined;
  }
  const { value } = constant;
  return literal(typeof value === "bigint" ? "int" : "string", value, node.span);
}

/** A part of a string literal; all of it when escapes stand between what is written and what is meant. */
function within(node: ExpressionNode, part: Span | undefined, { reporter }: Scope): Span {
  const { start, end } = node.span;
  const isPlain = node.kind === "string" && reporter.source.text.slice(start + 1, end - 1) === node.value;
  if (part === undefined || !isPlain) return node.span;
  return { start: start + 1 + part.start, end: start + 1 + Math.max(part.end, part.start + 1) };
}

function isValueType(type: ValueType | ConstantKind): type is ValueType {
  return valueTypes.has(type);
}
