import { readFileSync } from "node:fs";
import { buildFilter } from "../../../filters/proxy-wasm-as/build/index.ts";

/** The module that the SDK makes of the filter in `sdk-filter/`, as anyone would build it. */
export async function buildSdkFilter(): Promise<Uint8Array> {
  const source = readFileSync(new URL("../sdk-filter/filter.ts", import.meta.url), "utf8");
  const { bytes, problems } = await buildFilter({ files: { "filter.ts": source } });
  if (bytes === undefined) throw new Error(problems.map(({ message }) => message).join("\n"));
  return bytes;
}
