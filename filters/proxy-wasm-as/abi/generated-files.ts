import { generateEnums } from "./generate-enums.ts";
import { generateImports } from "./generate-imports.ts";
import { generateProperties } from "./generate-properties.ts";
import { generateReference } from "./generate-reference.ts";
import { hostFunctions, wasiFunctions } from "./table.ts";

/** What `npm run gen:abi` writes, by its path in the package. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ["assembly/enums.ts", generateEnums()],
    ["assembly/properties.ts", generateProperties()],
    ["assembly/env.ts", generateImports(hostFunctions, "env")],
    ["assembly/wasi_snapshot_preview1.ts", generateImports(wasiFunctions, "wasi_snapshot_preview1")],
    ["docs/abi.md", generateReference()],
  ]);
}
