import binaryen from "assemblyscript/binaryen";
import type { Bound } from "./assemble.ts";
import type { SaidCode } from "./exceeded.ts";
import { type Child, childrenOf, ids, infoOf, within } from "./expressions.ts";
import { entering } from "./handed-over.ts";

/** The export that says that the memory is used up; it is taken out again. */
export const EXHAUSTED = "__exhausted";

/** What gives no more than Envoy lets headers be, of which a callback without a budget cannot make as much as a memory has. */
const small: ReadonlySet<string> = new Set(["proxy_get_header_map_value", "proxy_get_property"]);

/** Says in the log whose memory of so many pages it was, and allocates nothing. */
export function exhausted({ name }: Bound, pages: number): SaidCode {
  const data = new TextEncoder().encode(`${name}: went over its memory of ${pages} pages of 64 KiB`);
  const source = `import { proxy_log as __exhaustedLog } from "proxy-wasm-as/assembly/env";
export function ${EXHAUSTED}(): void {
  __exhaustedLog(5, memory.data<u8>([${data.join(", ")}]), ${data.length});
}
`;
  return { source, data };
}

/** Whether a module as asc compiled it, and without a budget, may be given enough to use up its memory. */
export function mayExhaust(module: binaryen.Module): boolean {
  return Array.from({ length: module.getNumFunctions() }, (_, index) =>
    binaryen.getFunctionInfo(module.getFunctionByIndex(index)),
  ).some(({ base }) => entering.has(base ?? "") && !small.has(base ?? ""));
}

/** Have the runtime's allocator call this function before it traps, where memory does not grow. */
export function sayExhausted(module: binaryen.Module, called: string): void {
  for (let index = 0; index < module.getNumFunctions(); index++) {
    const { name, body, base } = binaryen.getFunctionInfo(module.getFunctionByIndex(index));
    if (base || !name.startsWith("~lib/rt/")) continue;
    const all = [...within(body)];
    if (!all.some((each) => infoOf(each).id === ids.MemoryGrow)) continue;
    const traps = all
      .flatMap((each): readonly Child[] => childrenOf(each))
      .filter(({ expression }) => infoOf(expression).id === ids.Unreachable);
    for (const { expression, replace } of traps)
      replace(module.block(null, [module.call(called, [], binaryen.none), expression], binaryen.unreachable));
  }
}
