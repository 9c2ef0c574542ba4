import { type Automaton, serialize, tableSize } from "./automaton.ts";
import { determinize } from "./determinize.ts";
import { minimize } from "./minimize.ts";
import { buildNfa } from "./nfa.ts";
import { parseRegex } from "./parse-regex.ts";
import type { RegexError } from "./pattern.ts";

/** How large an automaton may become. */
export interface RegexOptions {
  /** Of the smallest automaton. Default 4,096; no more than 65,536. */
  readonly maxStates?: number;
  /** Of the table that goes into a filter. Default 131,072. */
  readonly maxBytes?: number;
}

// What is on the way to the smallest automaton may be larger than it, but takes less than a second and tens of megabytes.
const MAX_NODES = 30_000;
const MAX_SUBSETS = 12_000;
const MAX_TRANSITIONS = 400_000;
const MAX_STEPS = 3_000_000;

/**
 * Compile a regular expression with RE2's syntax and meaning into an automaton that whole texts match or do not. Never throws,
 * and the effort has a bound whatever the pattern.
 */
export function compileRegex(pattern: string, options: RegexOptions = {}): Automaton | RegexError {
  const { maxStates = 4096, maxBytes = 131_072 } = options;
  const parsed = parseRegex(pattern);
  if (parsed.kind === "error") return parsed;
  const nfa = buildNfa(parsed, MAX_NODES);
  const dfa =
    nfa &&
    determinize(nfa, {
      maxStates: MAX_SUBSETS,
      maxTransitions: MAX_TRANSITIONS,
      maxSteps: MAX_STEPS,
    });
  if (dfa === undefined) return tooLarge(pattern, "takes too many states");
  const smallest = minimize(dfa);
  const states = smallest.accepting.length;
  if (states > Math.min(maxStates, 65_536))
    return tooLarge(pattern, `takes ${states} states, and more than ${maxStates} are too many`);
  const bytes = tableSize(states, smallest.columns);
  if (bytes > maxBytes)
    return tooLarge(pattern, `takes a table of ${bytes} bytes, and more than ${maxBytes} are too many`);
  return serialize(smallest);
}

function tooLarge(pattern: string, problem: string): RegexError {
  return {
    kind: "error",
    message: `the pattern ${problem}`,
    offset: 0,
    length: pattern.length,
    help: "make counts such as `{1,100}` smaller or open as in `+`, above all behind `.*` and around `\\p{…}`",
  };
}
