import { callbacks } from "../abi/table.ts";
import type { Bound } from "./assemble.ts";

/** The export that a bounded module is told by that its budget is spent; it is taken out again. */
export const EXCEEDED = "__exceeded";

const ignored: ReadonlySet<string> = new Set([
  "proxy_abi_version_0_2_1",
  // Called by the host while a callback waits for it, on whose budget they are.
  "malloc",
  "proxy_on_memory_allocate",
]);

/** The callbacks that an entry file exports, and the start, which each module has. */
export function callbacksIn(entry: string): readonly string[] {
  const exported = [...entry.matchAll(/^export function (\w+)\(/gm)].map(([, name = ""]) => name);
  return ["_initialize", ...exported.filter((name) => Object.hasOwn(callbacks, name) && !ignored.has(name))];
}

/** AssemblyScript that says in the log which callback of whom spent its budget, and traps. It allocates nothing. */
export function exceeded({ name, budget }: Bound, names: readonly string[]): string {
  const lines = ["", ...names].map((callback) => {
    const who = callback === "" ? "the allocator" : `callback ${callback}`;
    const bytes = new TextEncoder().encode(`${name}: ${who} went over its budget of ${budget}`);
    return `memory.data<u8>([${bytes.join(", ")}]), ${bytes.length}`;
  });
  const says = lines.map((line, index) => `  if (callback == ${index}) __exceededLog(5, ${line});\n`);
  return `import { proxy_log as __exceededLog } from "proxy-wasm-as/assembly/env";
export function ${EXCEEDED}(callback: u32): void {
${says.join("")}  unreachable();
}
`;
}
