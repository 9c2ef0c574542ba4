import type { PolicyParameter } from "../language/policy.ts";
import { entry } from "./entry.ts";
import { createImports } from "./generate.ts";
import { constant } from "./literals.ts";

/** The entry file around an author's filter code, which `./policy` is. */
export function generateFilter(name: string, parameters: readonly PolicyParameter[] = []): string {
  const imports = createImports();
  const run = "onRequest(new Request())";
  const hasParameters = parameters.length > 0;
  const calls = [
    {
      act: "Request" as const,
      judges: false,
      decides: false,
      reroutes: false,
      code: hasParameters ? "configured()" : run,
    },
  ];
  imports.use("bytes", "bytes");
  const code = entry({ names: "NAMES", calls }, imports.use);
  const reads = {
    string: "String",
    bytes: "String",
    int: "Number",
    duration: "Number",
    float: "Float",
    bool: "Bool",
  };
  const values = parameters.map(({ name: field, type }, place) => {
    // The field may be narrower than the numbers of the configuration, and its default was held against that.
    const like = reads[type] === "Number" ? `params.${field}, ` : "";
    return `  params.${field} = ${imports.use("parameters", `parameter${reads[type]}`)}(${like}0, ${place});\n`;
  });
  const first = hasParameters
    ? `/** Each request is looked at with the parameters of its own configuration. */
function configured(): void {
${values.join("")}  ${run};
}

`
    : "";
  return `// The callbacks around the filter code of ${name}.
import "proxy-wasm-as/assembly/abort";
import { Request } from "proxy-wasm-as";
${imports.lines()}
import { onRequest${hasParameters ? ", params" : ""} } from "./policy";

${constant("NAMES", `${name}\n`)}

${first}${code}`;
}
