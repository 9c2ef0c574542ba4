import { readFileSync } from "node:fs";

const env = readFileSync(new URL("../assembly/env.ts", import.meta.url), "utf8");
const enums = readFileSync(new URL("../assembly/enums.ts", import.meta.url), "utf8");

/**
 * A module without the SDK but for its raw imports, to try the host with. `see(TEXT)` writes a line to the log, `value(NUMBER)` one
 * with a number; `at(TEXT)` and `sizeOf(TEXT)` are a text's bytes.
 */
export function rawModule(body: string): {
  readonly entry: string;
  readonly files: Readonly<Record<string, string>>;
} {
  const used = [...new Set(body.match(/\bproxy_(?!on_)\w+/g) ?? []), "proxy_log"];
  const imports = [...new Set(used)].filter((name) => env.includes(`function ${name}(`));
  const entry = `import "proxy-wasm-as/assembly/abort";
import { ${imports.join(", ")} } from "./env";
const cell: usize = memory.data(16);
function at(text: string): usize { return changetype<usize>(String.UTF8.encode(text)); }
function sizeOf(text: string): usize { return String.UTF8.byteLength(text); }
function see(text: string): void { proxy_log(2, at(text), sizeOf(text)); }
function value(text: string, number: i64): void { see(text + " " + number.toString()); }
function got(): string { return String.UTF8.decodeUnsafe(load<u32>(cell), load<u32>(cell + 4)); }
export function proxy_abi_version_0_2_1(): void {}
export function malloc(size: usize): usize { return heap.alloc(size); }
${body}`;
  return { entry, files: { "env.ts": env, "enums.ts": enums } };
}
