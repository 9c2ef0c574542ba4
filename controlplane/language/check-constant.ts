import { compileRegex } from "../regex/compile-regex.ts";
import type { ExpressionNode } from "./ast.ts";
import { type HeaderProblem, unreadable, unwritable } from "./check-header.ts";
import type { Suggestion } from "./diagnostic.ts";
import type { ConstantKind } from "./interface.ts";
import { suggest, within } from "./nearest.ts";
import type { Phase } from "./phase-of.ts";
import { allConditions, readConditions } from "./retry-conditions.ts";
import type { Span } from "./source.ts";

/** The most of a body that a policy may ask for: Envoy buffers no more than 1 MiB unless it is told to. */
const limitMax = 1_048_576;
/** Of the lines of a proxy's log, least urgent first. */
export const levels: readonly string[] = ["trace", "debug", "info", "warn", "error", "critical"];
/** What `IsRequestStatus` asks for. */
export const outcomes: readonly string[] = ["FAILED", "SUCCEEDED"];

/** `part` is within the literal. What a constant is, or what is wrong with it; `wanted` says what was expected when it is not even of the right form. */
export type Constant =
  | { readonly value: string | bigint }
  | { readonly wanted: string }
  | ({
      readonly about: "header" | "word" | "value" | "pattern";
      readonly part?: Span;
      readonly suggestions?: readonly Suggestion[];
    } & HeaderProblem);

/** Read an argument that must be a literal. `writer`: the name of an action that changes the header. */
export function checkConstant(
  node: ExpressionNode,
  kind: ConstantKind,
  { writer, phase }: { readonly writer?: string; readonly phase: Phase },
): Constant {
  switch (kind) {
    case "header": {
      if (node.kind !== "string") return { wanted: "a quoted header name" };
      const problem =
        writer === undefined ? unreadable(node.value, phase) : unwritable(node.value, writer, phase);
      return problem ? { about: "header", ...problem } : { value: node.value };
    }
    case "regex":
      return node.kind === "string" ? checkRegex(node.value) : { wanted: "a quoted regular expression" };
    case "service":
    case "version":
    case "text":
      return node.kind === "string" ? { value: node.value } : { wanted: "a quoted string" };
    case "conditions":
      return node.kind === "string"
        ? checkConditions(node.value, node.span)
        : { wanted: 'quoted conditions, as in `"5xx,reset"`' };
    case "status": {
      const status = numberIn(node);
      if (status === undefined) return { wanted: "a number" };
      if (/^\d+$/.test(status) && Number(status) >= 200 && Number(status) <= 599)
        return { value: BigInt(status) };
      return {
        about: "value",
        message: `\`${status}\` is not an HTTP status`,
        help: "a status is between 200 and 599",
      };
    }
    case "limit": {
      const limit = numberIn(node) ?? "";
      if (/^\d+$/.test(limit) && Number(limit) >= 1 && Number(limit) <= limitMax)
        return { value: BigInt(limit) };
      return { wanted: `a number of bytes from 1 to ${limitMax}` };
    }
    case "level":
      return oneOf(node, levels);
    case "outcome":
      return oneOf(node, outcomes);
    case "name":
      if (node.kind === "string" && isName(node.value)) return { value: node.value };
      return { wanted: "a quoted name of letters, digits, `_`, `.` and `-`" };
    case "json":
      if (node.kind === "string" && node.value.split(".").every((part) => part !== ""))
        return { value: node.value };
      return { wanted: 'a quoted path, as in `"user.name"`' };
    default:
      return kind satisfies never;
  }
}

/** Whether a metric or a tag can have this name. */
export function isName(text: string): boolean {
  return /^[A-Za-z0-9_.-]{1,100}$/.test(text);
}

/** A number as it is written, with the sign before it. */
function numberIn(node: ExpressionNode): string | undefined {
  if (node.kind === "number") return node.value;
  const isNegative = node.kind === "unary" && node.operator === "-" && node.operand.kind === "number";
  return isNegative ? `-${numberIn(node.operand)}` : undefined;
}

function checkConditions(list: string, span: Span): Constant {
  const conditions = readConditions(list);
  const wrong = conditions.find(({ kind }) => kind === undefined);
  if (wrong === undefined) return { value: conditions.map(({ name }) => name).join(",") };
  const { name, part } = wrong;
  const start = span.start + 1;
  return {
    about: "word",
    message: name === "" ? "a condition is missing here" : `Envoy knows no condition \`${name}\``,
    part,
    ...suggest(name, allConditions, `there are ${listed(allConditions)}`, {
      start: start + part.start,
      end: start + part.end,
    }),
  };
}

function checkRegex(pattern: string): Constant {
  const compiled = compileRegex(pattern);
  if (compiled.kind !== "error") return { value: pattern };
  const { message, offset, length, help } = compiled;
  return {
    about: "pattern",
    message,
    help: help ?? "write it as RE2 does: https://github.com/google/re2/wiki/Syntax",
    part: { start: offset, end: offset + length },
  };
}

/** Quoted or bare. */
function oneOf(node: ExpressionNode, choices: readonly string[]): Constant {
  if ((node.kind === "string" || node.kind === "name") && choices.includes(node.value))
    return { value: node.value };
  const given = node.kind === "string" || node.kind === "name" ? node.value : "";
  return {
    about: "word",
    message: given === "" ? "this is not one of the words that are known here" : `unknown word \`${given}\``,
    ...suggest(
      given,
      choices,
      `there are ${listed(choices)}`,
      node.kind === "string" ? within(node.span) : node.span,
    ),
  };
}

function listed(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(", ");
}
