import type { ConstantKind, ValueType } from "../language/interface.ts";
import { actionOf } from "../language/lookup.ts";
import { phaseOf } from "../language/phase-of.ts";
import type { Act, Call, CopperPolicy, Expression, Statement } from "../language/policy.ts";
import { readConditions } from "../language/retry-conditions.ts";
import { standardInterface } from "../language/standard.ts";
import { compileRegex } from "../regex/compile-regex.ts";
import { actions } from "./actions.ts";
import type { Cells } from "./cells.ts";
import type { Literals } from "./literals.ts";
import type { SharedReads } from "./shared-reads.ts";

/** What the code of a policy is written with. */
export interface Emitter {
  readonly policy: CopperPolicy;
  /** Place of the policy in the module. */
  readonly index: number;
  readonly literals: Literals;
  readonly cells: Cells;
  /** Only where it handles TCP connections: the functions that give the names of the module's `CountBytes`, to be added to. */
  readonly counted?: string[];
  readonly reads: SharedReads;
  /** Remember that a function of the SDK is called, and give its name. */
  use(file: string, name: string): string;
  /** Only where decisions are recorded: what says that this action, in this line of the policy's file, is at work. */
  place?(action: string, line: number): string;
}

/** What changes requests and responses, or ends them, and not only what is kept beside them. */
const changing: ReadonlySet<string> = new Set([
  "SetHeader",
  "AddHeader",
  "RemoveHeader",
  "Deny",
  "RouteToVersion",
  "SplitByWeight",
  "Mirror",
  "RewritePath",
  "RewriteHost",
  "SetHashKey",
  "SetTimeout",
  "SetDeadline",
  "SetRetries",
  "InjectDelay",
  "InjectAbort",
]);

/** Statements as AssemblyScript, each with the line of the policy that it comes from. */
export function emit(body: readonly Statement[], indent: string, emitter: Emitter): string {
  return body.map((statement) => emitStatement(statement, indent, emitter)).join("");
}

function emitStatement(statement: Statement, indent: string, emitter: Emitter): string {
  const { source } = emitter.policy;
  const line = source.text.slice(0, statement.span.start).split("\n").length;
  const write = (code: string): string => `${indent}${code} // line ${line}\n`;
  switch (statement.kind) {
    case "do": {
      const { action } = statement.call;
      const place = changing.has(action) ? emitter.place?.(action, line) : undefined;
      const before = place === undefined ? "" : `${place}; `;
      const code = expression(statement.call, emitter);
      // What answers the request ends the policy; a deadline does when it has passed, and a fault when it is the request's turn.
      if (action === "Deny") return write(`${before}return ${code};`);
      if (action === "SetDeadline") return write(`${before}if (!${code}) return;`);
      return write(`${before}${action === "InjectAbort" ? `if (${code}) return` : code};`);
    }
    case "let":
      return write(`const ${local(statement.name)} = ${bare(statement.value, emitter)};`);
    case "return":
      return write("return;");
    case "if": {
      const then = emit(statement.then, `${indent}  `, emitter);
      const otherwise = emit(statement.else, `${indent}  `, emitter);
      const tail = otherwise === "" ? "" : ` else {\n${otherwise}${indent}}`;
      return `${write(`if (${bare(statement.condition, emitter)}) {`)}${then}${indent}}${tail}\n`;
    }
    default:
      return statement satisfies never;
  }
}

function local(name: string): string {
  return `v_${name.replace(/[^A-Za-z0-9]/g, (character) => `_${character.charCodeAt(0).toString(16)}_`)}`;
}

function expression(value: Expression, emitter: Emitter): string {
  switch (value.kind) {
    case "literal":
      return literal(value.type, value.value, emitter);
    case "local":
      return local(value.name);
    case "parameter": {
      const place = emitter.policy.parameters.findIndex(({ name }) => name === value.name);
      const read = {
        string: "Text",
        bytes: "Text",
        int: "Int",
        duration: "Int",
        float: "Float",
        bool: "Bool",
      }[value.type];
      return `${emitter.use("parameters", `parameter${read}`)}(${emitter.index}, ${place})`;
    }
    case "call":
      return call(value, emitter);
    case "unary":
      return `${value.operator}${operand(value.operand, emitter)}`;
    case "convert":
      return value.type === "float"
        ? `<f64>${operand(value.operand, emitter)}`
        : `${emitter.use("actions/text", "orElse")}(${expression(value.operand, emitter)}, 0)`;
    case "binary":
      return binary(value, emitter);
    default:
      return value satisfies never;
  }
}

/** The code of a value that needs no parentheses of its own where it stands. */
function bare(value: Expression, emitter: Emitter): string {
  const code = expression(value, emitter);
  // In a list of arguments, `a < b, c > (d)` would be a call with types: there is no action that takes a comparison.
  return value.kind === "binary" && code.startsWith("(") ? code.slice(1, -1) : code;
}

/** The code of a value behind a sign. What begins with a name or a parenthesis binds closer than any sign. */
function operand(value: Expression, emitter: Emitter): string {
  const code = expression(value, emitter);
  return /^[\w(]/.test(code) ? code : `(${code})`;
}

function literal(type: ValueType, value: string | bigint | number | boolean, { literals }: Emitter): string {
  switch (type) {
    case "string":
    case "bytes":
      return `${literals.text(String(value))}()`;
    case "int":
    case "duration":
      return value === -(2n ** 63n) ? "i64.MIN_VALUE" : `<i64>${value}`;
    case "float":
      // Only digits would be an integer's literal.
      if (Object.is(value, -0)) return "<f64>-0.0";
      return /^-?\d+$/.test(String(value)) ? `<f64>${value}.0` : `<f64>${value}`;
    case "bool":
      return String(value);
    default:
      return type satisfies never;
  }
}

function binary(
  { operator, left, right, type }: Extract<Expression, { kind: "binary" }>,
  emitter: Emitter,
): string {
  const a = expression(left, emitter);
  const b = expression(right, emitter);
  const text = (name: string): string => `${emitter.use("actions/text", name)}(${a}, ${b})`;
  const operate = (name: string): string => `${emitter.use("operators", name)}(${a}, ${b})`;
  const isText = left.type === "string" || left.type === "bytes";
  switch (operator) {
    case "??":
      return text("orElse");
    case "==":
      return isText ? `${emitter.use("bytes", "equal")}(${a}, ${b})` : `(${a} == ${b})`;
    case "!=":
      return isText ? `!${emitter.use("bytes", "equal")}(${a}, ${b})` : `(${a} != ${b})`;
    case "<":
    case "<=":
    case ">":
    case ">=":
      return isText ? operate(comparisons[operator]) : `(${a} ${operator} ${b})`;
    case "+":
      return isText ? text("concat") : `(${a} + ${b})`;
    case "/":
    case "%":
      return type === "float" ? `(${a} / ${b})` : operate(operator === "/" ? "divide" : "remainder");
    case "-":
    case "*":
    case "&&":
    case "||":
      return `(${a} ${operator} ${b})`;
    default:
      return operator satisfies never;
  }
}

const comparisons = {
  "<": "isLess",
  "<=": "isLessOrEqual",
  ">": "isGreater",
  ">=": "isGreaterOrEqual",
} as const;

function call(called: Call, emitter: Emitter): string {
  const { action, arguments: given } = called;
  const own = emitter.policy.act === "Connection" ? connectionCall(called, emitter) : undefined;
  if (own !== undefined) return own;
  const carried = actions.get(action);
  const [receiver = emitter.policy.act, name = action] = action.includes(".")
    ? action.split(".")
    : [undefined, action];
  const signature = actionOf(standardInterface, receiver, name);
  if (carried === undefined || signature === undefined)
    throw new Error(`nothing carries out the action ${action}`);
  // What a type's action is done to comes before its parameters.
  const first = standardInterface.receivers.get(receiver)?.kind === "type" ? 1 : 0;
  const written = given.map((argument, place) => {
    const type = signature.parameters[place - first]?.type ?? argument.type ?? "string";
    return constant(type, argument, emitter) ?? bare(argument, emitter);
  });
  const isShorter = given.length - first < signature.parameters.length;
  const ofHost = readingHost(called, emitter.policy.act);
  if (ofHost !== undefined) {
    const [, ...values] = written;
    return emitter.reads.share(called, `${emitter.use("actions/access", ofHost)}(${values.join(", ")})`);
  }
  const used = emitter.use(
    carried.file,
    isShorter
      ? (carried.shorter ?? carried.function)
      : ((given.some(isPlain) ? carried.plain : undefined) ?? carried.function),
  );
  return emitter.reads.share(called, `${used}(${[...cellOf(called, emitter), ...written].join(", ")})`);
}

/** The memory of its own that an action works on. */
function cellOf({ action, state, arguments: [first] }: Call, { policy, cells }: Emitter): readonly string[] {
  if (state !== undefined) return [cells.slot(policy.name, state)];
  if (action !== "Count" && action !== "Histogram") return [];
  return [cells.metric(action, first?.kind === "literal" ? String(first.value) : "")];
}

/** Whether this is a text that may stand in a header as it is. */
function isPlain(argument: Expression, place: number): boolean {
  return place === 1 && argument.kind === "literal" && !/[\0\r\n]|^[ \t]|[ \t]$/.test(String(argument.value));
}

function tableOf(pattern: string): Uint8Array {
  const compiled = compileRegex(pattern);
  if (compiled.kind === "error") throw new Error(`the checker let through /${pattern}/: ${compiled.message}`);
  return compiled.table;
}

/** What is done to a connection in another way than to a request. */
function connectionCall({ action, arguments: given }: Call, emitter: Emitter): string | undefined {
  const { counted } = emitter;
  const [first] = given;
  switch (action) {
    case "Deny":
      // On a call of requests, the one that came on it is answered.
      return counted === undefined
        ? `${emitter.use("policy", "deny")}(403, 0)`
        : `${emitter.use("actions/connection", "closeConnection")}()`;
    case "CountBytes": {
      const name = first === undefined ? "" : expression(first, emitter).replace("()", "");
      if (counted === undefined) throw new Error("bytes are counted on TCP connections only");
      // Each adds, also to what another one adds to.
      const site = counted.push(name) - 1;
      return `${emitter.use("actions/connection", "countBytes")}(${site})`;
    }
    default:
      return undefined;
  }
}

/** A header's name as Envoy keeps it: in lower case, and what HTTP/1 calls the host of a request is its authority. */
function headerKey(name: string, act: Act): string {
  const key = name.toLowerCase();
  return key === "host" && phaseOf({ act }) === "request" ? ":authority" : key;
}

/** How a header is read that is the host, which a policy before may have rewritten. */
function readingHost({ action, arguments: [name, value] }: Call, act: Act): string | undefined {
  const isOfHost = name?.kind === "literal" && headerKey(String(name.value), act) === ":authority";
  if (!isOfHost) return undefined;
  if (action === "GetHeader" || action === "GetHeaders") return "givenHost";
  if (action !== "HasHeader") return undefined;
  return value === undefined ? "hasHost" : "isHost";
}

/** Those that stand in `x-envoy-retry-on`, and those in `x-envoy-retry-grpc-on`. */
function conditions(list: string): readonly string[] {
  const all = readConditions(list);
  return (["http", "grpc"] as const).map((header) =>
    all
      .filter(({ kind }) => kind === header)
      .map(({ name }) => name)
      .join(","),
  );
}

const levels = ["trace", "debug", "info", "warn", "error", "critical"];

/** An argument that must be a literal, as the SDK takes it; undefined for those that are values. */
function constant(
  type: ValueType | ConstantKind,
  argument: Expression,
  { literals, policy }: Emitter,
): string | undefined {
  const value = argument.kind === "literal" ? argument.value : "";
  switch (type) {
    case "header":
      return `${literals.text(headerKey(String(value), policy.act))}()`;
    case "service":
    case "version":
    case "name":
    case "text":
    case "json":
      return `${literals.text(String(value))}()`;
    case "conditions":
      return conditions(String(value))
        .map((list) => (list === "" ? "0" : `${literals.text(list)}()`))
        .join(", ");
    case "status":
    case "limit":
      return String(value);
    case "level":
      return String(levels.indexOf(String(value)));
    case "outcome":
      return String(value === "FAILED");
    case "regex":
      return literals.table(tableOf(String(value)), `/${String(value)}/`);
    default:
      return undefined;
  }
}
