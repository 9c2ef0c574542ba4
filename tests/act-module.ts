import { createHash } from "node:crypto";
import type { Module } from "../controlplane/codegen/module.ts";
import { assemble } from "../filters/proxy-wasm-as/build/assemble.ts";

/** AssemblyScript for a text as bytes in the data segment. */
export function text(value: string): string {
  const encoded = new TextEncoder().encode(value);
  return `bytes(memory.data<u8>([${encoded.join(", ")}]), ${encoded.length})`;
}

/** One policy as code in the place of generated code: what stands in `body` runs for each request that the policy is for. */
export interface ActModule {
  readonly policy: string;
  readonly actions: readonly string[];
  readonly tags?: readonly string[];
  /** Imports beyond those that every module has, as `{ names } from "file"`; files are in the SDK's `assembly`. */
  readonly imports: readonly string[];
  readonly body: string;
}

/** Compile a module that calls the SDK as generated code does. */
export async function actModule({ policy, actions, tags = [], imports, body }: ActModule): Promise<Module> {
  const entry = `import "proxy-wasm-as/assembly/abort";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, end, runs } from "proxy-wasm-as/assembly/policy";
${imports.map((each) => `import ${each.replace(/from "(.+)"/, 'from "proxy-wasm-as/assembly/$1"')};\n`).join("")}
function acts(): void {
${body}
}

export function proxy_on_request_headers(context: u32, _headers: u32, _end: u32): u32 {
  begin(context);
  if (runs(0)) acts();
  return end();
}

export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, ${text(`${policy}\n`)});
  __collect();
  return accepted;
}

export function proxy_on_context_create(context: u32, parent: u32): void { created(context, parent); }
export function proxy_on_delete(context: u32): void { deleted(context); }
export function proxy_on_memory_allocate(size: usize): usize { return allocate(size); }
export function proxy_abi_version_0_2_1(): void {}
`;
  const { bytes, stderr } = await assemble({ entry });
  if (bytes === undefined) throw new Error(stderr);
  return {
    sha256: createHash("sha256").update(bytes).digest("hex"),
    bytes,
    policies: [policy],
    actions,
    tags,
    failure: "open",
    imports: [],
    exports: [],
  };
}
