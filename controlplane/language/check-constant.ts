import { compileRegex } from "../regex/compile-regex.ts";
import type { ExpressionNode } from "./ast.ts";
import { type HeaderProblem, unreadable, unwritable } from "./check-header.ts";
import type { Suggestion } from "./diagnostic.ts";
import type { ConstantKind } from "./interface.ts";
import { suggest, within } from "./nearest.ts";
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
      readonly about: "header" | "value" | "pattern";
      readonly part?: Span;
      readonly suggestions?: readonly Suggestion[];
    } & HeaderProblem);

/** Read an argument that must be a literal. `writes`: the action changes the header that it names. */
export function checkConstant(
  node: ExpressionNode,
  kind: ConstantKind,
  { writes }: { readonly writes: boolean },
): Constant {
  switch (kind) {
    case "header": {
      if (node.kind !== "string") return { wanted: "a quoted header name" };
      const problem = (writes ? unwritable : unreadable)(node.value);
      return problem ? { about: "header", ...problem } : { value: node.value };
    }
    case "regex":
      return node.kind === "string" ? checkRegex(node.value) : { wanted: "a quoted regular expression" };
    case "service":
    case "version":
    case "text":
      return node.kind === "string" ? { value: node.value } : { wanted: "a quoted string" };
    case "status": {
      if (node.kind !== "number") return { wanted: "a number" };
      const status = Number(node.value);
      if (Number.isInteger(status) && status >= 200 && status <= 599) return { value: BigInt(status) };
      return {
        about: "value",
        message: `\`${node.value}\` is not an HTTP status`,
        help: "a status is between 200 and 599",
      };
    }
    case "limit": {
      const limit = node.kind === "number" ? Number(node.value) : Number.NaN;
      if (Number.isInteger(limit) && limit >= 1 && limit <= limitMax) return { value: BigInt(limit) };
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
  const listed = choices.map((choice) => `\`${choice}\``).join(", ");
  return {
    about: "value",
    message: given === "" ? "this is not one of the words that are known here" : `unknown word \`${given}\``,
    ...suggest(given, choices, `there are ${listed}`, node.kind === "string" ? within(node.span) : node.span),
  };
}
