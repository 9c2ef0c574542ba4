import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildFilter } from "../filters/proxy-wasm-as/build/index.ts";

/** The folder of the ready-made policies. */
export const filters: string = join(resolve(import.meta.dirname, ".."), "filters");

/** Values of parameters in the place of their defaults. */
export type PolicyValues = Readonly<Record<string, string | number | boolean>>;

/** A ready-made policy that stands for itself, and the plugin configuration that says these values. */
export interface BuiltPolicy {
  readonly bytes: Uint8Array;
  /** JSON, or empty where all have their defaults. */
  readonly configuration: string;
}

const modules = new Map<string, Promise<Uint8Array>>();

/**
 * Build a ready-made policy to stand for itself, as `proxy-wasm-as build filters/NAME/policy.ts --runtime arena` does, one module whatever its
 * parameters: they keep no objects but these, which nothing writes. Throws when it does not build.
 */
export async function buildPolicy(name: string, values: PolicyValues = {}): Promise<BuiltPolicy> {
  const building = modules.get(name) ?? build(name);
  modules.set(name, building);
  const configuration = Object.keys(values).length === 0 ? "" : JSON.stringify(values);
  return { bytes: await building, configuration };
}

async function build(name: string): Promise<Uint8Array> {
  const code = readFileSync(join(filters, name, "policy.ts"), "utf8");
  const { bytes, problems } = await buildFilter({ name, files: { "filter.ts": code }, runtime: "arena" });
  if (bytes === undefined) throw new Error(problems.map(({ message }) => message).join("\n"));
  return bytes;
}
