import type binaryen from "assemblyscript/binaryen";
import { type Expression, ids, infoOf, UnknownExpressionError, within } from "./expressions.ts";
import { weighModule } from "./weigh.ts";

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
    ...["util/casemap/casemap", "util/number/utoa_dec_simple<u32>", "util/number/utoa_dec_simple<u64>"],
    ...[
      "util/number/utoa_hex_simple<u32>",
      "util/number/utoa_hex_simple<u64>",
      "util/number/utoa64_any_core",
    ],
    ...["rt/__newBuffer", "rt/__newArray", "array/ensureCapacity", "util/number/ulog_base"],
    ...[
      "util/string/joinReferenceArray<~lib/string/String>",
      "array/Array<~lib/array/Array<~lib/string/String>>#concat",
    ],
  ].map((name) => `~lib/${name}`),
);
const LIBRARY = "~lib/";
const ENTRY = "module/";
const emptying: ReadonlySet<string> = new Set([
  `${LIBRARY}rt/stub/__collect`,
  `${LIBRARY}proxy-wasm-as/assembly/entry/memory/collect`,
]);
/** What traps: it is called once at most. */
const ABORT = "~lib/proxy-wasm-as/assembly/abort/abort";
/** How many pages a callback may go over: each loop, copy and call of the host that is given bytes over no more than the memory has. */
const PAGES_MAX = 128 * 256;
/** How many instructions it may take besides those loops, about: far less than any budget that makes sense. */
const WEIGHT_MAX = 2 ** 18;

/**
 * Whether a module as asc compiled it, with its names and before anything is inlined, can go on for longer than it takes to go over 2 GiB. It cannot
 * when every loop is the SDK's or the library's and linear, no function calls itself, and callbacks run only so many of those loops, of which
 * each goes over `pages` at most, those that the memory may have. A call through the table counts as one of each function of its type. `saying`
 * are the functions that say what is spent, and do not return.
 */
export function needsBudget(module: binaryen.Module, saying: ReadonlySet<string>, pages: number): boolean {
  try {
    return mayGoOn(module, saying, Math.floor(PAGES_MAX / pages));
  } catch (error) {
    // What it has no rules for is said when the budget is added.
    if (error instanceof UnknownExpressionError) return true;
    throw error;
  }
}

function mayGoOn(module: binaryen.Module, saying: ReadonlySet<string>, passesMax: number): boolean {
  const { functions, calleesOf, sizesIn, knownSizes, hostCost } = weighModule(module);
  const loops = new Map<string, number>();
  const weights = new Map<string, number>();
  const fromLoops = new Set<string>();
  // Those that are called come before those that call them.
  for (const [name, { body, circle }] of functions) {
    if (saying.has(name) || name === ABORT) continue;
    if (circle.size > 0) return true;
    let count = 0;
    let weight = 0;
    for (const expression of within(body)) {
      const isLoop = infoOf(expression).id === ids.Loop;
      const isCall = infoOf(expression).id === ids.Call;
      const passes = sizesIn(expression).reduce((sum, { rate }) => sum + rate.passes, isLoop ? 1 : 0);
      // A call of the host goes over what it is given whoever calls it.
      if (passes > 0 && !isCall && !isTrusted(name)) return true;
      count += passes;
      if (isLoop) for (const callee of calledIn(expression, calleesOf)) fromLoops.add(callee);
      const callees = calleesOf(expression);
      // What empties the memory may have the host fill it again and again; the entry says it as it ends.
      if (!isLibrary(name) && !name.startsWith(ENTRY) && callees.some((callee) => emptying.has(callee)))
        return true;
      // What a function of the host's is given through a table is only known where it is called.
      if (!isCall && callees.some((callee) => hostCost(callee) !== undefined)) return true;
      count += Math.max(0, ...callees.map((callee) => loops.get(callee) ?? 0));
      const called = callees.map((callee) => hostCost(callee) ?? weights.get(callee) ?? 0);
      weight += 1 + knownSizes(expression) + Math.max(0, ...called);
    }
    if (count > passesMax || weight > WEIGHT_MAX) return true;
    loops.set(name, count);
    weights.set(name, weight);
  }
  // What a loop calls is as often called as that turns.
  for (const name of fromLoops) {
    const known = functions.get(name);
    if (known === undefined || name === ABORT) continue;
    if (!isLibrary(name)) return true;
    for (const callee of calledIn(known.body, calleesOf)) fromLoops.add(callee);
  }
  return false;
}

/** Whether its loops, if it has any, are known to be linear. */
function isTrusted(name: string): boolean {
  return (
    trustedFunctions.has(name) || (isLibrary(name) && trustedFiles.some((file) => name.startsWith(file)))
  );
}

/** Whether nothing of the filter's is in it: an instance of a generic function may hold code of its types. */
function isLibrary(name: string): boolean {
  const [own = "", ...types] = name.split(/[<>,()=]+/);
  return own.startsWith(LIBRARY) && types.every((type) => type.startsWith(LIBRARY) || !type.includes("/"));
}

function calledIn(
  expression: Expression,
  calleesOf: (expression: Expression) => readonly string[],
): readonly string[] {
  return [...within(expression)].flatMap((each) => calleesOf(each));
}
