import type { PolicyParameter } from "../language/policy.ts";
import { entry } from "./entry.ts";
import { createImports } from "./generate.ts";
import { constant } from "./literals.ts";

/** The entry file around an author's filter code, which `./policy` is. */
export function generateFilter(name: string, parameters: readonly PolicyParameter[] = []): string {
  const imports = createImports();
  const hasParameters = parameters.length > 0;
  const calls = [
    { act: "Request" as const, judges: false, decides: false, reroutes: false, code: "apply(context)" },
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
  const apply = `/** ${hasParameters ? "Each request is looked at with the parameters of its own configuration." : "What the filter does is what a policy may."} */
function apply(context: u32): void {
  ${imports.use("reserved", "restrict")}();
${values.join("")}  onRequest(${imports.use("entry", "toRequest")}(context));
}`;
  return `// The callbacks around the filter code of ${name}.
import "proxy-wasm-as/assembly/abort";
${imports.lines()}
import { onRequest${hasParameters ? ", params" : ""} } from "./policy";

${constant("NAMES", `${name}\n`)}

${apply}

${code}`;
}
