import { checkPolicies } from "../language/check-policies.ts";
import type { Diagnostic } from "../language/diagnostic.ts";
import { parseInterface } from "../language/parse-interface.ts";
import type { Source } from "../language/source.ts";
import { fromYaml } from "../mesh/from-yaml.ts";
import type { Workspace } from "./workspace.ts";

/** What is wrong with a document by itself: a policy of either form, an interface, or the mesh file. Never throws. */
export function diagnose(source: Source, { mesh }: Workspace = {}): readonly Diagnostic[] {
  if (source.path === mesh?.source.path) return fromYaml(source).diagnostics;
  if (source.path.endsWith(".cui")) return parseInterface(source).diagnostics;
  if (source.path.endsWith(".ts") && !isFilterCode(source)) return [];
  return checkPolicies([source], mesh?.mesh).diagnostics;
}

/** Whether a TypeScript file is filter code, which an editor cannot tell by its name. */
export function isFilterCode({ path, text }: Source): boolean {
  return path.endsWith(".ts") && !/\.(test|spec|d|as)\.ts$/.test(path) && /["']proxy-wasm-as["']/.test(text);
}
