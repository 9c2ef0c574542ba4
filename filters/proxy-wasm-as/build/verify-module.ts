import { callbacks, hostFunctions, type Signature, wasiFunctions } from "../abi/table.ts";
import { readSections } from "./read-sections.ts";

/** No module that the toolkit makes comes near; one that does is a mistake. In bytes. */
const SIZE_MAX = 1024 * 1024;
/** A VM has one memory on each worker. In pages of 64 KiB: 2 MiB to begin with, and 16 MiB. */
export const PAGES_MIN = 32;
const PAGES_MAX = 256;

/** Why Envoy must not be given this module; empty when it may be. Never throws. */
export function verifyModule(bytes: Uint8Array, pagesMax: number = PAGES_MAX): string[] {
  if (bytes.length > SIZE_MAX)
    return [`the module has ${bytes.length} bytes, more than the ${SIZE_MAX} allowed`];
  try {
    new WebAssembly.Module(Uint8Array.from(bytes));
  } catch (error) {
    return [`the module does not parse: ${error instanceof Error ? error.message : String(error)}`];
  }
  const sections = readSections(bytes);
  if ("unreadable" in sections)
    return [`the module has ${sections.unreadable}, which no module of the toolkit has`];
  const reasons: string[] = [];
  for (const { min, max } of sections.memories) {
    if (min > PAGES_MIN)
      reasons.push(`the module begins with ${min} pages of memory, more than the ${PAGES_MIN} allowed`);
    if (max === undefined || max > pagesMax)
      reasons.push(
        `the module may use ${max ?? "any number of"} pages of memory, more than the ${pagesMax} allowed`,
      );
  }
  if (sections.hasStart) {
    reasons.push("the module has a start section, which runs before the proxy is ready for its calls");
  }
  for (const { module, name, signature } of sections.imports) {
    const table = module === "env" ? hostFunctions : module === "wasi_snapshot_preview1" ? wasiFunctions : {};
    const expected = Object.hasOwn(table, name) ? table[name] : undefined;
    if (expected === undefined || signature === undefined) {
      reasons.push(`the import \`${module}.${name}\` is not in Proxy-Wasm ABI 0.2.1`);
    } else if (show(expected) !== show(signature)) {
      reasons.push(`the import \`${module}.${name}\` is ${show(signature)}, it must be ${show(expected)}`);
    }
  }
  for (const { name, kind, signature } of sections.exports) {
    const expected = Object.hasOwn(callbacks, name) ? callbacks[name] : undefined;
    if (expected === undefined) continue;
    if (kind !== 0 || signature === undefined) reasons.push(`the export \`${name}\` is not a function`);
    else if (show(expected) !== show(signature)) {
      reasons.push(`the export \`${name}\` is ${show(signature)}, it must be ${show(expected)}`);
    }
  }
  const has = (name: string): boolean => sections.exports.some((item) => item.name === name);
  if (!has("proxy_abi_version_0_2_1"))
    reasons.push("the module does not export the ABI marker `proxy_abi_version_0_2_1`");
  if (!has("malloc") && !has("proxy_on_memory_allocate")) {
    reasons.push("the module exports no allocator, neither `malloc` nor `proxy_on_memory_allocate`");
  }
  if (!sections.exports.some((item) => item.name === "memory" && item.kind === 2)) {
    reasons.push("the module does not export its memory as `memory`");
  }
  return reasons;
}

function show(signature: Signature): string {
  return `(${signature.parameters.join(", ")}) -> (${signature.results.join(", ")})`;
}
