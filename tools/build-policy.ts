import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildFilter } from "../filters/proxy-wasm-as/build/index.ts";

/** The folder of the ready-made policies. */
export const filters: string = join(resolve(import.meta.dirname, ".."), "filters");

/** Values of parameters in the place of their defaults. */
export type PolicyValues = Readonly<Record<string, string | number | boolean>>;

/**
 * Build a ready-made policy to stand for itself, as `proxy-wasm-as build filters/NAME/policy.ts --runtime arena` does, with other defaults
 * where some are given: they keep no objects but their parameters, which nothing writes. Throws when it does not build, or has no such parameter.
 */
export async function buildPolicy(name: string, values: PolicyValues = {}): Promise<Uint8Array> {
  const code = readFileSync(join(filters, name, "policy.ts"), "utf8");
  const { bytes, problems } = await buildFilter({
    name,
    files: { "filter.ts": withDefaults(code, values) },
    runtime: "arena",
  });
  if (bytes === undefined) throw new Error(problems.map(({ message }) => message).join("\n"));
  return bytes;
}

function withDefaults(code: string, values: PolicyValues): string {
  return Object.entries(values).reduce((text, [name, value]) => {
    const field = new RegExp(`^(  ${name}: \\w+ =\\s+)("[^"\\n]*"|[^;\\n]*)(?=;$)`, "m");
    if (!field.test(text)) throw new Error(`there is no parameter \`${name}\``);
    return text.replace(field, (_, declared: string) => declared + JSON.stringify(value));
  }, code);
}
