import type binaryen from "assemblyscript/binaryen";
import { type Expression, ids, infoOf, UnknownExpressionError, within } from "./expressions.ts";
import { copiedSize, weighModule } from "./weigh.ts";

/** Whose loops are each linear in what they are given: the SDK's own and those of the arena. */
const trustedFiles = ["~lib/proxy-wasm-as/assembly/", "~lib/rt/stub/"] as const;
/** The same of functions of the library. What is not here, such as `repeat`, `indexOf` and `sort`, takes longer, or calls the filter. */
const trustedFunctions: ReadonlySet<string> = new Set(
  [
    ...[
      "string/String#concat",
      "string/String#substring",
      "string/String#slice",
      "string/String#toLowerCase",
    ],
    ...["util/string/compareImpl", "util/string/joinStringArray", "string/String#trim"],
    ...[
      "string/String.UTF8.byteLength",
      "string/String.UTF8.encodeUnsafe",
      "string/String.UTF8.decodeUnsafe",
    ],
    ...["util/number/utoa32_dec_lut", "util/number/utoa64_dec_lut", "util/number/utoa32_dec_core"],
    ...["util/number/utoa64_dec_core", "typedarray/Uint8Array#slice"],
  ].map((name) => `~lib/${name}`),
);
/** How many loops a callback may run one after the other: each goes over a memory that has a maximum. */
const LOOPS_MAX = 128;

/**
 * Whether a module as asc compiled it, with its names and before anything is inlined, can go on for longer than its memory is large. It cannot when
 * every loop is the SDK's or the library's and linear, no function calls itself, and callbacks run only so many of those loops. A call through
 * the table counts as one of each function of its type. `exceeded` is the function that says that a budget is spent, and does not return.
 */
export function needsBudget(module: binaryen.Module, exceeded: string): boolean {
  try {
    return mayGoOn(module, exceeded);
  } catch (error) {
    // What it has no rules for is said when the budget is added.
    if (error instanceof UnknownExpressionError) return true;
    throw error;
  }
}

function mayGoOn(module: binaryen.Module, exceeded: string): boolean {
  const { functions, calleesOf } = weighModule(module);
  const loops = new Map<string, number>();
  const fromLoops = new Set<string>();
  // Those that are called come before those that call them.
  for (const [name, { body, isMetered }] of functions) {
    if (name === exceeded) continue;
    if (isMetered) return true;
    let count = 0;
    for (const expression of within(body)) {
      const isLoop = infoOf(expression).id === ids.Loop;
      if (isLoop || copiedSize(expression) !== undefined) {
        if (!isTrusted(name)) return true;
        count++;
      }
      if (isLoop) for (const callee of calledIn(expression, calleesOf)) fromLoops.add(callee);
      count += Math.max(0, ...calleesOf(expression).map((callee) => loops.get(callee) ?? 0));
    }
    if (count > LOOPS_MAX) return true;
    loops.set(name, count);
  }
  // What a loop calls is as often called as that turns.
  for (const name of fromLoops) {
    const known = functions.get(name);
    if (known === undefined) continue;
    if (!isTrusted(name)) return true;
    for (const callee of calledIn(known.body, calleesOf)) fromLoops.add(callee);
  }
  return false;
}

/** An instance of a generic function may hold code of its types: of a filter's. */
function isTrusted(name: string): boolean {
  if (trustedFunctions.has(name)) return true;
  return !name.includes("<") && trustedFiles.some((file) => name.startsWith(file));
}

function calledIn(
  expression: Expression,
  calleesOf: (expression: Expression) => readonly string[],
): readonly string[] {
  return [...within(expression)].flatMap((each) => calleesOf(each));
}
