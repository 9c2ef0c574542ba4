import { constant, entry } from "./generate.ts";

/** The entry file around an author's filter code, which `./policy` is. */
export function generateFilter(name: string): string {
  return `// The callbacks around the filter code of ${name}.
import "proxy-wasm-as/assembly/abort";
import { Request } from "proxy-wasm-as";
import { bytes } from "proxy-wasm-as/assembly/bytes";
import { configure, created, deleted } from "proxy-wasm-as/assembly/plugins";
import { allocate, begin, end, runs } from "proxy-wasm-as/assembly/policy";
import { onRequest } from "./policy";

${constant("NAMES", `${name}\n`)}

${entry("NAMES", "  if (runs(0)) onRequest(new Request());\n")}`;
}
