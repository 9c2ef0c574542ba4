import { ofFloats, ofInts } from "../language/calculate.ts";
import type { Literal } from "../language/policy.ts";
import { type Automaton, matchesAutomaton } from "../regex/automaton.ts";
import { compileRegex } from "../regex/compile-regex.ts";

/** What an expression yields in a trial: a text as its bytes, one character each; a whole number; a fraction; a truth; or undefined, where it is absent. */
export type TrialValue = string | bigint | number | boolean | undefined;

/** The UTF-8 bytes of a text, one character each. */
export function bytesOf(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** A header's value as it is written: blanks around it are no part of it. */
export function inHeader<T extends TrialValue>(value: T): T | string {
  return typeof value === "string" ? value.replace(/^[ \t]+|[ \t]+$/g, "") : value;
}

/** Its text; what is no UTF-8 is not told apart. */
export function textOfBytes(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("utf8");
}

export function literalValue({ value, type }: Literal): TrialValue {
  if (typeof value === "string") return bytesOf(value);
  return typeof value === "number" && (type === "int" || type === "duration") ? BigInt(value) : value;
}

/** What an operator makes of two values, each of which was worked out. */
export function operate(operator: string, left: TrialValue, right: TrialValue): TrialValue {
  switch (operator) {
    case "==":
      // An absent value equals nothing, not even another one.
      return left !== undefined && left === right;
    case "!=":
      return left === undefined || left !== right;
    case "<":
      return compare(left, right, (a, b) => a < b);
    case "<=":
      return compare(left, right, (a, b) => a <= b);
    case ">":
      return compare(left, right, (a, b) => a > b);
    case ">=":
      return compare(left, right, (a, b) => a >= b);
    default:
      return calculate(operator, left, right);
  }
}

type Ordered = string | bigint | number;

/** Of one type, which the checker has seen to. */
function compare(left: TrialValue, right: TrialValue, holds: (a: Ordered, b: Ordered) => boolean): boolean {
  return left !== undefined && right !== undefined && holds(left as Ordered, right as Ordered);
}

function calculate(operator: string, left: TrialValue, right: TrialValue): TrialValue {
  if (typeof left === "bigint" && typeof right === "bigint") return ofInts(operator, left, right);
  if (typeof left === "number" && typeof right === "number") return ofFloats(operator, left, right);
  return `${left ?? ""}${right ?? ""}`;
}

/** What a function of values makes of them, what it belongs to first; `none` where there is no such function. Of an absent text nothing is true. */
export function valueFunction(
  action: string,
  given: readonly TrialValue[],
): { readonly value: TrialValue } | undefined {
  const [value, other] = given;
  const text = String(value ?? "");
  const asked = String(other ?? "");
  const isThere = value !== undefined;
  switch (action) {
    case "string.Contains":
      return { value: isThere && text.includes(asked) };
    case "string.StartsWith":
      return { value: isThere && text.startsWith(asked) };
    case "string.EndsWith":
      return { value: isThere && text.endsWith(asked) };
    case "string.Matches":
      return { value: isThere && matches(textOfBytes(asked), text) };
    case "string.Length":
      return { value: BigInt(text.length) };
    case "string.ToLower":
      return { value: isThere ? lower(text) : undefined };
    case "string.ToInt":
      return { value: numberIn(text) ?? other };
    case "int.ToString":
      return { value: text };
    default:
      return undefined;
  }
}

/** ASCII letters in lower case. */
export function lower(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The decimal number that a text is, when it fits into 64 bits. */
function numberIn(text: string): bigint | undefined {
  if (!/^-?[0-9]+$/.test(text)) return undefined;
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

const automatons = new Map<string, Automaton | undefined>();

/** Undefined where the pattern has none; it was checked before. */
export function automatonOf(pattern: string): Automaton | undefined {
  if (!automatons.has(pattern)) {
    const compiled = compileRegex(pattern);
    automatons.set(pattern, compiled.kind === "automaton" ? compiled : undefined);
  }
  return automatons.get(pattern);
}

function matches(pattern: string, text: string): boolean {
  const automaton = automatonOf(pattern);
  return automaton !== undefined && matchesAutomaton(automaton, Buffer.from(text, "latin1"));
}
