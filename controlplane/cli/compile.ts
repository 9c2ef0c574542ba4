import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { WireError } from "../error/wire-error.ts";
import type { Build } from "../pipeline/build.ts";
import { makeFolder } from "../rollout/make-folder.ts";
import { buildInput } from "./build-input.ts";
import type { ExitCode } from "./main.ts";
import { createOutput } from "./report.ts";

/** The manifest of `wire compile` (design §7). */
export interface Manifest {
  readonly modules: readonly {
    readonly sha256: string;
    readonly bytes: number;
    readonly policies: readonly string[];
    readonly imports: readonly string[];
    readonly exports: readonly string[];
  }[];
  /** The modules of each proxy, in the order of enforcement, inbound first. */
  readonly proxies: Readonly<Record<string, readonly string[]>>;
}

/** `wire compile`: generated `.as.ts`, `<sha256>.wasm`, `manifest.json`. */
export async function compile(
  paths: readonly string[],
  options: { readonly mesh: string; readonly params?: string; readonly out: string; readonly json?: boolean },
): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const built = await buildInput(output, paths, options);
  if (built === undefined) return 1;
  const manifest = manifestOf(built);
  try {
    await makeFolder(options.out);
    for (const module of built.modules)
      await writeFile(join(options.out, `${module.sha256}.wasm`), module.bytes);
    for (const [name, text] of built.generated)
      await writeFile(join(options.out, `${name.replaceAll("/", ".")}.as.ts`), text);
    await writeFile(join(options.out, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  } catch (cause) {
    throw new WireError(
      "file",
      `cannot write to ${options.out}: ${cause instanceof Error ? cause.message : cause}`,
      {
        cause,
      },
    );
  }
  if (output.json) output.print(JSON.stringify(manifest));
  else {
    for (const module of manifest.modules) {
      output.print(
        `${module.sha256.slice(0, 12)}  ${String(module.bytes).padStart(6)} B  ${module.policies.length === 0 ? "stamps requests with how far their paths have come" : module.policies.join(", ")}`,
      );
    }
    output.print(`written to ${options.out}`);
  }
  return 0;
}

/** What was compiled, and what each proxy runs of it. */
export function manifestOf(built: Build): Manifest {
  const proxies = new Map<string, string[]>();
  for (const chain of built.chains) {
    const modules = proxies.get(chain.service) ?? [];
    proxies.set(chain.service, modules);
    for (const slot of chain.slots)
      if (!modules.includes(slot.module.sha256)) modules.push(slot.module.sha256);
  }
  return {
    modules: built.modules.map((module) => ({
      sha256: module.sha256,
      bytes: module.bytes.length,
      policies: module.policies,
      imports: module.imports,
      exports: module.exports,
    })),
    proxies: Object.fromEntries(proxies),
  };
}
