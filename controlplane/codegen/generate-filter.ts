import { entry } from "./entry.ts";
import { createImports } from "./generate.ts";
import { constant } from "./literals.ts";

/** The entry file around an author's filter code, which `./policy` is. */
export function generateFilter(name: string): string {
  const imports = createImports();
  const calls = [{ act: "Request" as const, judges: false, code: "onRequest(new Request())" }];
  imports.use("bytes", "bytes");
  const code = entry({ names: "NAMES", calls }, imports.use);
  return `// The callbacks around the filter code of ${name}.
import "proxy-wasm-as/assembly/abort";
import { Request } from "proxy-wasm-as";
${imports.lines()}
import { onRequest } from "./policy";

${constant("NAMES", `${name}\n`)}

${code}`;
}
