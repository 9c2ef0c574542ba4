import { callbacks } from "../abi/table.ts";
import { type Bound, STACK } from "./assemble.ts";

/** The exports that a bounded module is told by that its budget is spent, or its stack; they are taken out again. */
export const EXCEEDED = "__exceeded";
export const TOO_DEEP = "__tooDeep";

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

/** What says something in the log before a trap. */
export interface SaidCode {
  /** AssemblyScript, to be added to an entry file. It allocates nothing. */
  readonly source: string;
  /** All that it has in static memory, in one piece. */
  readonly data: Uint8Array;
}

/** Says which callback of whom went over its budget, and traps. */
export function exceeded({ name, budget }: Bound, names: readonly string[]): SaidCode {
  return naming(EXCEEDED, name, names, `budget of ${budget}`);
}

/** Says which callback of whom called itself too deeply, and traps. */
export function tooDeep({ name, stack = STACK }: Bound, names: readonly string[]): SaidCode {
  return naming(TOO_DEEP, name, names, `stack of ${stack} KiB`);
}

/** The line is put together where it stands: there is no second one. */
function naming(exported: string, name: string, names: readonly string[], what: string): SaidCode {
  const text = new TextEncoder();
  const end = text.encode(` went over its ${what}`);
  // In the order of their numbers, each behind its length.
  const callbacks = ["the allocator", ...names.map((callback) => `callback ${callback}`)].flatMap((said) => {
    const bytes = text.encode(said);
    return [bytes.length, ...bytes];
  });
  const start = text.encode(`${name}: `);
  const room = new Uint8Array(Math.max(...callbacks) + end.length);
  const data = Uint8Array.from([...end, ...callbacks, ...start, ...room]);
  const line = end.length + callbacks.length;
  const source = `import { proxy_log as ${exported}Log } from "proxy-wasm-as/assembly/env";
export function ${exported}(callback: u32): void {
  const texts = memory.data<u8>([${data.join(", ")}]);
  let said = texts + ${end.length};
  for (; callback > 0; callback--) said += <usize>load<u8>(said) + 1;
  const size = <usize>load<u8>(said);
  const at = texts + ${line + start.length} + size;
  memory.copy(at - size, said + 1, size);
  memory.copy(at, texts, ${end.length});
  ${exported}Log(5, texts + ${line}, ${start.length + end.length} + size);
  unreachable();
}
`;
  return { source, data };
}
