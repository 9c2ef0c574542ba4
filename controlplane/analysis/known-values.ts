import { type Automaton, matchesAutomaton, stateAfter } from "../regex/automaton.ts";
import { compileRegex } from "../regex/compile-regex.ts";

// Values as a trial writes them: a text in quotes, a whole number in decimal, `true` and `false`, `absent`; anything else is not known.

export const absent = "absent";

export function isText(value: string): boolean {
  return value.startsWith('"');
}

export function isNumber(value: string): boolean {
  return /^-?[0-9]+$/.test(value);
}

function isTruth(value: string): boolean {
  return value === "true" || value === "false";
}

export function textIn(value: string): string {
  return JSON.parse(value);
}

/** What an operator makes of two values; undefined where that is not known. */
export function operate(operator: string, left: string, right: string): string | undefined {
  if (isText(left) && isText(right)) {
    if (operator === "==") return String(left === right);
    if (operator === "!=") return String(left !== right);
    return operator === "+" ? JSON.stringify(textIn(left) + textIn(right)) : undefined;
  }
  if (isTruth(left) && isTruth(right)) {
    if (operator === "==") return String(left === right);
    return operator === "!=" ? String(left !== right) : undefined;
  }
  if (!isNumber(left) || !isNumber(right)) return undefined;
  const [a, b] = [BigInt(left), BigInt(right)];
  switch (operator) {
    case "==":
      return String(a === b);
    case "!=":
      return String(a !== b);
    case "<":
      return String(a < b);
    case "<=":
      return String(a <= b);
    case ">":
      return String(a > b);
    case ">=":
      return String(a >= b);
    default:
      return undefined;
  }
}

/** What a function of texts makes of values, the text first; undefined where that is not known. Of an absent text nothing is true. */
export function textFunction(
  action: string,
  [value = absent, other = ""]: readonly string[],
): string | undefined {
  const asks = (holds: (text: string, other: string) => boolean): string | undefined => {
    if (value === absent) return "false";
    return isText(value) && isText(other) ? String(holds(textIn(value), textIn(other))) : undefined;
  };
  const text = value === absent ? "" : isText(value) ? textIn(value) : undefined;
  switch (action) {
    case "string.Contains":
      return asks((one, two) => one.includes(two));
    case "string.StartsWith":
      return asks((one, two) => one.startsWith(two));
    case "string.EndsWith":
      return asks((one, two) => one.endsWith(two));
    case "string.Matches":
      return asks((one, pattern) => matches(pattern, one));
    case "string.Length":
      return text === undefined ? undefined : String(bytesOf(text).length);
    case "string.ToLower":
      return value === absent ? absent : text === undefined ? undefined : JSON.stringify(lower(text));
    case "string.ToInt":
      return text === undefined || !isNumber(other) ? undefined : (numberIn(text) ?? other);
    case "int.ToString":
      return isNumber(value) ? JSON.stringify(value) : undefined;
    default:
      return undefined;
  }
}

/** ASCII letters in lower case. */
function lower(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The decimal number that a text is, when it fits into 64 bits. */
function numberIn(text: string): string | undefined {
  if (!isNumber(text)) return undefined;
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value ? String(value) : undefined;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

const automatons = new Map<string, Automaton | undefined>();

function automatonOf(pattern: string): Automaton | undefined {
  if (!automatons.has(pattern)) {
    const compiled = compileRegex(pattern);
    automatons.set(pattern, compiled.kind === "automaton" ? compiled : undefined);
  }
  return automatons.get(pattern);
}

function matches(pattern: string, text: string): boolean {
  const automaton = automatonOf(pattern);
  return automaton !== undefined && matchesAutomaton(automaton, bytesOf(text));
}

const printable = Array.from({ length: 95 }, (_, n) => String.fromCharCode(32 + n));
const sampleLengthMax = 64;

/** A text of printable ASCII that begins so and matches a pattern, none shorter; undefined where there is none, or none that is short. */
export function sampleOf(pattern: string, begin: string): string | undefined {
  const automaton = automatonOf(pattern);
  if (automaton === undefined) return undefined;
  const seen = new Set<number>();
  let texts = [begin];
  for (let length = 0; length <= sampleLengthMax && texts.length > 0; length++) {
    const found = texts.find((text) => matchesAutomaton(automaton, bytesOf(text)));
    if (found !== undefined) return found;
    // One text for each state that is reached is enough.
    texts = texts.flatMap((text) =>
      printable.flatMap((next) => {
        const state = stateAfter(automaton, bytesOf(text + next));
        if (seen.has(state)) return [];
        seen.add(state);
        return [text + next];
      }),
    );
  }
  return undefined;
}
